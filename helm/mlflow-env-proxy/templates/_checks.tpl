{{/* Stops the rendering where the values contradict each other, with what to do about it. */}}
{{- define "mlflow-env-proxy.checks" -}}
{{- if and .Values.existingConfigMap .Values.existingSecret -}}
{{- fail "existingConfigMap and existingSecret both hold the configuration file: keep one of them" -}}
{{- end -}}
{{- if include "mlflow-env-proxy.existingConfig" . -}}
{{- if .Values.config -}}
{{- fail "config is given, and so is an existing ConfigMap or Secret with the configuration file: keep one of them" -}}
{{- end -}}
{{- else if .Values.config -}}
{{- include "mlflow-env-proxy.configChecks" . -}}
{{- else -}}
{{- fail "config is empty: write the configuration file there (upstream, authentication and environments are required; ci/cluster-values.yaml in the chart is an example to start from), or name a ConfigMap or Secret that holds it in existingConfigMap or existingSecret" -}}
{{- end -}}
{{- include "mlflow-env-proxy.networkChecks" . -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.adminService.enabled) -}}
{{- fail "metrics.serviceMonitor needs the Service with the admin port: set adminService.enabled, or use metrics.podMonitor, which needs no Service" -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (not .Values.autoscaling.targetCPUUtilizationPercentage) (not .Values.autoscaling.targetRequestsUnderWay) (not .Values.autoscaling.metrics) -}}
{{- fail "autoscaling has nothing to go by: set autoscaling.targetCPUUtilizationPercentage, targetRequestsUnderWay or metrics" -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas is more than autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.enabled needs ingress.hosts: the host names that callers use" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled needs httpRoute.parentRefs: the Gateway that it belongs to" -}}
{{- end -}}
{{- end -}}

{{/* Where the configuration contradicts itself, or what is mounted. */}}
{{- define "mlflow-env-proxy.configChecks" -}}
{{- $config := .Values.config -}}
{{- $upstream := $config.upstream | default dict -}}
{{- $mode := dig "credentials" "mode" "none" $upstream -}}
{{- if or (hasKey $config "listen") (hasKey $config "admin") -}}
{{- fail "config.listen and config.admin are set by the chart: remove them, and use service.port to change the port that clients see" -}}
{{- end -}}
{{- if dig "databricksHost" "listen" "" $config -}}
{{- fail "the Service has one port for callers: remove config.databricksHost.listen, and use config.databricksHost.hostNames with host names that lead to it" -}}
{{- end -}}
{{- $folders := list "/var/run/secrets/" "/etc/mlflow-env-proxy-ca/" -}}
{{- range concat .Values.secrets .Values.extraVolumeMounts -}}
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
{{- $several := include "mlflow-env-proxy.replicated" . -}}
{{- if and $several (not .Values.pagingKey.existingSecret) (not (dig "paging" "keyFile" "" $config)) -}}
{{- fail "replicaCount is more than 1, so the replicas must share the key that seals page tokens: create a Secret and name it in pagingKey.existingSecret, or set replicaCount to 1" -}}
{{- end -}}
{{- if and $several (hasKey ($config.authentication | default dict) "login") (not (dig "login" "cookieKeyFile" "" $config.authentication)) -}}
{{- fail "replicaCount is more than 1, so the replicas must share the key that seals logins: mount a Secret with `secrets` and name its file in config.authentication.login.cookieKeyFile" -}}
{{- end -}}
{{- if and (eq $mode "token") (not .Values.upstreamToken.existingSecret) (not (dig "credentials" "file" "" $upstream)) -}}
{{- fail "config.upstream.credentials.mode is token: create a Secret that holds the token and name it in upstreamToken.existingSecret" -}}
{{- end -}}
{{- if and .Values.upstreamToken.existingSecret (ne $mode "token") -}}
{{- fail "upstreamToken.existingSecret is given, but config.upstream.credentials.mode is not token: set it, or remove upstreamToken.existingSecret" -}}
{{- end -}}
{{- end -}}

{{/* Where the network policy shuts out what the other values need. */}}
{{- define "mlflow-env-proxy.networkChecks" -}}
{{- $policy := .Values.networkPolicy -}}
{{- $reachable := or $policy.upstream.to $policy.protectUpstream.enabled $policy.privateEndpoints $policy.extraEgress -}}
{{- if and $policy.enabled .Values.config (not $reachable) (not (hasPrefix "https://" (dig "upstream" "url" "" .Values.config))) -}}
{{- fail "networkPolicy does not let the proxy reach MLflow: say where its pods are in networkPolicy.upstream.to (and their port in networkPolicy.upstream.port), or set networkPolicy.enabled to false" -}}
{{- end -}}
{{- $redis := or $policy.redis.to $policy.privateEndpoints $policy.extraEgress -}}
{{- if and $policy.enabled (not $redis) (dig "authentication" "login" "redis" "" .Values.config) -}}
{{- fail "networkPolicy does not let the proxy reach Redis: say where it is in networkPolicy.redis.to (and its port in networkPolicy.redis.port), or set networkPolicy.enabled to false" -}}
{{- end -}}
{{- $apiServer := or $policy.privateEndpoints $policy.extraEgress -}}
{{- if and $policy.enabled (not $apiServer) (include "mlflow-env-proxy.tokenReview" .) -}}
{{- fail "networkPolicy does not let the proxy reach the API server, which reviews tokens: write its address and port, as `kubectl get endpoints kubernetes` shows them, in networkPolicy.privateEndpoints, or set networkPolicy.enabled to false" -}}
{{- end -}}
{{- if and $policy.enabled (or .Values.ingress.enabled .Values.httpRoute.enabled) (not $policy.gateways) -}}
{{- fail "networkPolicy shuts out the pods that serve ingress and httpRoute: say where they run in networkPolicy.gateways, for example [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ingress-nginx } } }]" -}}
{{- end -}}
{{- if and $policy.enabled (or .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled) (not $policy.monitoring) -}}
{{- fail "networkPolicy shuts Prometheus out of the admin port: say where it runs in networkPolicy.monitoring, for example [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } } }]" -}}
{{- end -}}
{{- end -}}
