terraform {
  # Conditions that look at other variables need 1.9. No provider: this module only computes.
  required_version = ">= 1.9"
}
