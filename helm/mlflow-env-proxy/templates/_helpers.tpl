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

{{/* The product's configuration file: the value `config`, the addresses to listen on, and the paths of the mounted secrets. */}}
{{- define "mlflow-env-proxy.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "listen" (dict "host" "0.0.0.0" "port" 5000) -}}
{{- $_ := set $config "admin" (dict "host" "0.0.0.0" "port" 9464) -}}
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

{{/* Stops the rendering where the values contradict each other, with what to do about it. */}}
{{- define "mlflow-env-proxy.checks" -}}
{{- $config := .Values.config -}}
{{- $mode := dig "credentials" "mode" "none" $config.upstream -}}
{{- if or (hasKey $config "listen") (hasKey $config "admin") -}}
{{- fail "config.listen and config.admin are set by the chart: remove them, and use service.port to change the port that clients see" -}}
{{- end -}}
{{- if dig "databricksHost" "listen" "" $config -}}
{{- fail "the Service has one port for callers: remove config.databricksHost.listen, and use config.databricksHost.hostNames with host names that lead to it" -}}
{{- end -}}
{{- $folders := list "/var/run/secrets/" "/etc/mlflow-env-proxy-ca/" -}}
{{- range .Values.secrets -}}
{{- $folders = append $folders (printf "%s/" (trimSuffix "/" .mountPath)) -}}
{{- end -}}
{{- range splitList "\n" (include "mlflow-env-proxy.files" $config) -}}
{{- $file := . -}}
{{- $isThere := eq $file "" -}}
{{- range $folders -}}
{{- if hasPrefix . $file -}}{{- $isThere = true -}}{{- end -}}
{{- end -}}
{{- if not $isThere -}}
{{- fail (printf "files named in config are not in the pod: %s; mount the Secret that holds it with `secrets` (for paging.keyFile and upstream.credentials.file, pagingKey and upstreamToken do that)" $file) -}}
{{- end -}}
{{- end -}}
{{- if and (gt (int .Values.replicaCount) 1) (not .Values.pagingKey.existingSecret) (not (dig "paging" "keyFile" "" $config)) -}}
{{- fail "replicaCount is more than 1, so the replicas must share the key that seals page tokens: create a Secret and name it in pagingKey.existingSecret, or set replicaCount to 1" -}}
{{- end -}}
{{- if and (gt (int .Values.replicaCount) 1) (hasKey $config.authentication "login") (not (dig "login" "cookieKeyFile" "" $config.authentication)) -}}
{{- fail "replicaCount is more than 1, so the replicas must share the key that seals logins: mount a Secret with `secrets` and name its file in config.authentication.login.cookieKeyFile" -}}
{{- end -}}
{{- if and (eq $mode "token") (not .Values.upstreamToken.existingSecret) (not (dig "credentials" "file" "" $config.upstream)) -}}
{{- fail "config.upstream.credentials.mode is token: create a Secret that holds the token and name it in upstreamToken.existingSecret" -}}
{{- end -}}
{{- if and .Values.upstreamToken.existingSecret (ne $mode "token") -}}
{{- fail "upstreamToken.existingSecret is given, but config.upstream.credentials.mode is not token: set it, or remove upstreamToken.existingSecret" -}}
{{- end -}}
{{- $policy := .Values.networkPolicy -}}
{{- if and $policy.enabled (not $policy.redis.to) (dig "login" "redis" "" $config.authentication) -}}
{{- fail "networkPolicy does not let the proxy reach Redis: say where it is in networkPolicy.redis.to (and its port in networkPolicy.redis.port), or set networkPolicy.enabled to false" -}}
{{- end -}}
{{- if and $policy.enabled (not $policy.upstream.to) (not $policy.protectUpstream.enabled) (not (hasPrefix "https://" $config.upstream.url)) -}}
{{- fail "networkPolicy does not let the proxy reach MLflow: say where its pods are in networkPolicy.upstream.to (and their port in networkPolicy.upstream.port), or set networkPolicy.enabled to false" -}}
{{- end -}}
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
