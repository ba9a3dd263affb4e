{{/* The pods' labels; with a workload identity those by which its webhook finds them. */}}
{{- define "mlflow-env-proxy.podLabels" -}}
{{- $identity := .Values.workloadIdentity.enabled | ternary (dict "azure.workload.identity/use" "true") dict -}}
{{- merge (include "mlflow-env-proxy.labels" . | fromYaml) $identity .Values.podLabels | toYaml -}}
{{- end -}}

{{- define "mlflow-env-proxy.env" -}}
{{- if .Values.caBundle.existingConfigMap }}
- { name: NODE_EXTRA_CA_CERTS, value: /etc/mlflow-env-proxy-ca/ca.crt }
{{- end }}
{{- if include "mlflow-env-proxy.existingConfig" . }}
{{ include "mlflow-env-proxy.overrides" . }}
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "mlflow-env-proxy.volumeMounts" -}}
- { name: config, mountPath: /etc/mlflow-env-proxy, readOnly: true }
{{- if .Values.pagingKey.existingSecret }}
- { name: paging-key, mountPath: /run/secrets/mlflow-env-proxy/paging, readOnly: true }
{{- end }}
{{- if .Values.upstreamToken.existingSecret }}
- { name: upstream-token, mountPath: /run/secrets/mlflow-env-proxy/upstream, readOnly: true }
{{- end }}
{{- if .Values.tls.existingSecret }}
- { name: tls, mountPath: /run/secrets/mlflow-env-proxy/tls, readOnly: true }
{{- end }}
{{- if .Values.caBundle.existingConfigMap }}
- { name: ca-bundle, mountPath: /etc/mlflow-env-proxy-ca, readOnly: true }
{{- end }}
{{- range $index, $secret := .Values.secrets }}
- { name: secret-{{ $index }}, mountPath: {{ $secret.mountPath | quote }}, readOnly: true }
{{- end }}
{{- if include "mlflow-env-proxy.mountsToken" . }}
- { name: api-server, mountPath: {{ include "mlflow-env-proxy.serviceAccountFolder" . }}, readOnly: true }
{{- end }}
# Uploads for a gunicorn server wait there until all of them has come.
- { name: uploads, mountPath: /tmp }
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "mlflow-env-proxy.volumes" -}}
- name: config
  {{- if .Values.existingSecret }}
  secret: { secretName: {{ .Values.existingSecret }}, defaultMode: 0440 }
  {{- else }}
  configMap: { name: {{ .Values.existingConfigMap | default (include "mlflow-env-proxy.fullname" .) }} }
  {{- end }}
{{- with .Values.pagingKey }}
{{- if .existingSecret }}
- name: paging-key
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items: [{ key: {{ .key | quote }}, path: paging.key }]
{{- end }}
{{- end }}
{{- with .Values.upstreamToken }}
{{- if .existingSecret }}
- name: upstream-token
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items: [{ key: {{ .key | quote }}, path: token }]
{{- end }}
{{- end }}
{{- with .Values.tls.existingSecret }}
- name: tls
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- with .Values.caBundle }}
{{- if .existingConfigMap }}
- name: ca-bundle
  configMap:
    name: {{ .existingConfigMap }}
    items: [{ key: {{ .key | quote }}, path: ca.crt }]
{{- end }}
{{- end }}
{{- range $index, $secret := .Values.secrets }}
- name: secret-{{ $index }}
  secret: { secretName: {{ $secret.existingSecret }}, defaultMode: 0440 }
{{- end }}
{{- if include "mlflow-env-proxy.mountsToken" . }}
- name: api-server
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: { path: token, expirationSeconds: 3600 }
      - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
{{- end }}
- name: uploads
  emptyDir: {{- toYaml .Values.temporaryStorage | nindent 4 }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
