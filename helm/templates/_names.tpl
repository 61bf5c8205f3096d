{{- define "limpet.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "limpet.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "limpet.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "limpet.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "limpet.selectorLabels" -}}
app.kubernetes.io/name: {{ include "limpet.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "limpet.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "limpet.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "limpet.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "limpet.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "limpet.secretName" -}}
{{- default (include "limpet.fullname" .) .Values.token.existingSecret -}}
{{- end -}}

{{- /* The namespaces that limpet may list pods in. */ -}}
{{- define "limpet.namespaces" -}}
{{- if .Values.scrape.namespaces -}}
{{- toJson .Values.scrape.namespaces -}}
{{- else -}}
{{- toJson (list .Release.Namespace) -}}
{{- end -}}
{{- end -}}

{{- /* The pods that are scraped, for the NetworkPolicy: from values, or from a plain name=value selector. */ -}}
{{- define "limpet.scrapedPods" -}}
{{- if .Values.networkPolicy.podSelector -}}
{{- toYaml .Values.networkPolicy.podSelector -}}
{{- else if and (not .Values.monitors.enabled) (regexMatch "^[^=!, ()]+=[^=!, ()]+$" .Values.scrape.selector) -}}
{{- $pair := splitn "=" 2 .Values.scrape.selector -}}
matchLabels:
  {{ $pair._0 }}: {{ $pair._1 | quote }}
{{- else -}}
{}
{{- end -}}
{{- end -}}
