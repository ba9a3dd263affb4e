terraform {
  # Conditions that refer to other variables need 1.9. No provider: this module only computes values.
  required_version = ">= 1.9"
}
