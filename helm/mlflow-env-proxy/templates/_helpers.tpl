{{- define "mlflow-env-proxy.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "mlflow-env-proxy.fullname" -}}
{{- $name := include "mlflow-env-proxy.name" . -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $full | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "mlflow-env-proxy.selectorLabels" -}}
app.kubernetes.io/name: {{ include "mlflow-env-proxy.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Of the pod that `helm test` starts: none by which a Service or policy would take it for the proxy. */}}
{{- define "mlflow-env-proxy.testLabels" -}}
app.kubernetes.io/name: {{ include "mlflow-env-proxy.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "mlflow-env-proxy.labels" -}}
{{- $own := dict "app.kubernetes.io/version" .Chart.AppVersion "app.kubernetes.io/managed-by" .Release.Service "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") -}}
{{- merge (include "mlflow-env-proxy.selectorLabels" . | fromYaml) $own .Values.commonLabels | toYaml -}}
{{- end -}}

{{- define "mlflow-env-proxy.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "mlflow-env-proxy.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "mlflow-env-proxy.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Not empty where the configuration file comes from a ConfigMap or Secret that the chart does not make. */}}
{{- define "mlflow-env-proxy.existingConfig" -}}
{{- .Values.existingConfigMap | default .Values.existingSecret -}}
{{- end -}}

{{/* Not empty where there may be several pods. */}}
{{- define "mlflow-env-proxy.replicated" -}}
{{- $most := .Values.autoscaling.enabled | ternary .Values.autoscaling.maxReplicas .Values.replicaCount -}}
{{- if gt (int $most) 1 -}}true{{- end -}}
{{- end -}}

{{/* The address for callers. */}}
{{- define "mlflow-env-proxy.listen" -}}
{{- $tls := dict "certificateFile" "/run/secrets/mlflow-env-proxy/tls/tls.crt" "keyFile" "/run/secrets/mlflow-env-proxy/tls/tls.key" -}}
{{- merge (dict "host" "0.0.0.0" "port" 5000) (empty .Values.basePath | ternary dict (dict "basePath" .Values.basePath)) (empty .Values.tls.existingSecret | ternary dict (dict "tls" $tls)) | toYaml -}}
{{- end -}}

{{/* What the chart adds to a configuration that it does not write: the addresses to listen on, and the paths of the mounted secrets. */}}
{{- define "mlflow-env-proxy.overrides" -}}
- { name: MLFLOW_ENV_PROXY_LISTEN, value: {{ include "mlflow-env-proxy.listen" . | fromYaml | toJson | quote }} }
- { name: MLFLOW_ENV_PROXY_ADMIN, value: "{ host: 0.0.0.0, port: 9464, statusPage: {{ .Values.statusPage }} }" }
{{- if .Values.pagingKey.existingSecret }}
- { name: MLFLOW_ENV_PROXY_PAGING__KEY_FILE, value: /run/secrets/mlflow-env-proxy/paging/paging.key }
{{- end }}
{{- if .Values.upstreamToken.existingSecret }}
- { name: MLFLOW_ENV_PROXY_UPSTREAM__CREDENTIALS, value: "{ mode: token, file: /run/secrets/mlflow-env-proxy/upstream/token }" }
{{- end }}
{{- end -}}

{{/* The product's configuration file: the value `config`, the addresses to listen on, and the paths of the mounted secrets. */}}
{{- define "mlflow-env-proxy.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "listen" (include "mlflow-env-proxy.listen" . | fromYaml) -}}
{{- $_ := set $config "admin" (dict "host" "0.0.0.0" "port" 9464 "statusPage" .Values.statusPage) -}}
{{- if .Values.pagingKey.existingSecret -}}
{{- $_ := set $config "paging" (merge (dict "keyFile" "/run/secrets/mlflow-env-proxy/paging/paging.key") ($config.paging | default dict)) -}}
{{- end -}}
{{- if .Values.upstreamToken.existingSecret -}}
{{- $_ := set $config.upstream "credentials" (dict "mode" "token" "file" "/run/secrets/mlflow-env-proxy/upstream/token") -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* The files that a part of the configuration names, a line each. */}}
{{- define "mlflow-env-proxy.files" -}}
{{- if kindIs "map" . -}}
{{- range $key, $value := . -}}
{{- if and (kindIs "string" $value) (or (eq $key "file") (hasSuffix "File" $key)) -}}
{{- printf "%s\n" $value -}}
{{- else -}}
{{- include "mlflow-env-proxy.files" $value -}}
{{- end -}}
{{- end -}}
{{- else if kindIs "slice" . -}}
{{- range . -}}{{- include "mlflow-env-proxy.files" . -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/* Not empty where the proxy asks the API server about service accounts' tokens. */}}
{{- define "mlflow-env-proxy.tokenReview" -}}
{{- if .Values.tokenReview.enabled -}}true{{- end -}}
{{- range dig "authentication" "issuers" list .Values.config -}}
{{- if hasKey . "tokenReview" -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where Kubernetes mounts a token for its API server, with the cluster's certificate authority. */}}
{{- define "mlflow-env-proxy.serviceAccountFolder" -}}/var/run/secrets/kubernetes.io/serviceaccount{{- end -}}

{{/* Not empty where the chart mounts them itself. */}}
{{- define "mlflow-env-proxy.mountsToken" -}}
{{- $isMounted := false -}}
{{- range .Values.extraVolumeMounts -}}
{{- if eq (trimSuffix "/" .mountPath) (include "mlflow-env-proxy.serviceAccountFolder" $) -}}{{- $isMounted = true -}}{{- end -}}
{{- end -}}
{{- if and (include "mlflow-env-proxy.tokenReview" .) (not $isMounted) -}}true{{- end -}}
{{- end -}}

{{/* The peers that are MLflow. */}}
{{- define "mlflow-env-proxy.upstreamPeers" -}}
{{- $protect := .Values.networkPolicy.protectUpstream -}}
{{- $peers := .Values.networkPolicy.upstream.to -}}
{{- if $protect.enabled -}}
{{- $namespace := dict "matchLabels" (dict "kubernetes.io/metadata.name" ($protect.namespace | default .Release.Namespace)) -}}
{{- $peers = append $peers (dict "namespaceSelector" $namespace "podSelector" $protect.podSelector) -}}
{{- end -}}
{{- $peers | toYaml -}}
{{- end -}}
