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
