{{- /* What the roles and the metadata in use need to list and watch: resources by API group, as JSON. */ -}}
{{- define "limpet.watched" -}}
{{- $kinds := dict
      "pod" (list "/pods")
      "service" (list "/services")
      "endpoints" (list "/endpoints" "/pods" "/services")
      "endpointslice" (list "discovery.k8s.io/endpointslices" "/pods" "/services")
      "ingress" (list "networking.k8s.io/ingresses")
      "node" (list "/nodes") -}}
{{- $attached := dict
      "node" (list "/nodes")
      "namespace" (list "/namespaces")
      "deployment" (list "apps/replicasets")
      "job" (list)
      "cronjob" (list "batch/jobs") -}}
{{- $found := list -}}
{{- range .Values.rbac.roles }}{{- $found = concat $found (get $kinds .) -}}{{- end -}}
{{- range .Values.rbac.attachMetadata }}{{- $found = concat $found (get $attached .) -}}{{- end -}}
{{- if .Values.monitors.enabled -}}
{{- $slices := eq (toString .Values.monitors.settings.service_discovery_role) "EndpointSlice" -}}
{{- $monitors := dict
      "ServiceMonitor" (concat (list "monitoring.coreos.com/servicemonitors") (get $kinds (ternary "endpointslice" "endpoints" $slices)))
      "PodMonitor" (list "monitoring.coreos.com/podmonitors" "/pods")
      "Probe" (list "monitoring.coreos.com/probes" "networking.k8s.io/ingresses")
      "ScrapeConfig" (list "monitoring.coreos.com/scrapeconfigs") -}}
{{- range .Values.monitors.kinds }}{{- $found = concat $found (get $monitors .) -}}{{- end -}}
{{- if .Values.monitors.namespaceSelector }}{{- $found = append $found "/namespaces" -}}{{- end -}}
{{- end -}}
{{- toJson ($found | uniq | sortAlpha) -}}
{{- end -}}

{{- /* Rules for those of a list of "group/resource". */ -}}
{{- define "limpet.rules" -}}
{{- range . }}
{{- $parts := splitn "/" 2 . }}
- apiGroups: [{{ $parts._0 | quote }}]
  resources: [{{ $parts._1 | quote }}]
  verbs: ["list", "watch"]
{{- end }}
{{- end -}}

{{- /* Rules for the Secrets and ConfigMaps that monitor objects may name. */ -}}
{{- define "limpet.referenceRules" -}}
{{- $root := . -}}
{{- range $resource, $names := dict "secrets" .Values.monitors.secrets "configmaps" .Values.monitors.configMaps }}
{{- if and $root.Values.monitors.enabled $names }}
- apiGroups: [""]
  resources: [{{ $resource | quote }}]
  {{- if not (has "*" $names) }}
  resourceNames: {{ toJson $names }}
  {{- end }}
  verbs: ["list", "watch"]
{{- end }}
{{- end }}
{{- end -}}
