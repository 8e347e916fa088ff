{{- /*
The status of a pod, in the state that the transition chose.

Set before this text: $state (Ready, Unready, CrashLoop, OomKilled, PullBackOff), $broken (pattern of the
tags that the state is for; empty when the pod is healthy), $restarts (restarts to add), $given and $told (how an
address begins as kwok gives it, and as the pod has it).
*/ -}}
{{- define "imageID" -}}
{{- $tagged := regexReplaceAll "@.*$" .image "" -}}
{{- $repository := regexReplaceAll ":[^/]*$" $tagged "" -}}
{{- if contains "@" .image -}}
{{- printf "%s%s" $repository (regexFind "@.*$" .image) | Quote -}}
{{- else -}}
{{- $name := $tagged -}}
{{- if eq $repository $tagged -}}{{- $name = printf "%s:latest" $tagged -}}{{- end -}}
{{- printf "%s@sha256:%s" $repository (sha256sum (printf "%s%s" $name (get .salts .image))) | Quote -}}
{{- end -}}
{{- end -}}
{{- define "condition" }}
- type: {{ .type }}
  status: {{ .status | Quote }}
  {{ $since := .now }}
  {{ with get .conditions .type }}{{ if eq .status $.status }}{{ $since = .lastTransitionTime }}{{ end }}{{ end }}
  lastTransitionTime: {{ $since | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
{{ end -}}
{{ $now := Now }}
{{ $conditions := dict }}
{{ range .status.conditions }}{{ $_ := set $conditions .type . }}{{ end }}
{{ $before := dict }}
{{ range .status.containerStatuses }}{{ $_ := set $before .name . }}{{ end }}
{{ range .status.initContainerStatuses }}{{ $_ := set $before .name . }}{{ end }}
{{ $salts := dict }}
{{ range splitList "\n" (get (default dict .metadata.annotations) "rollway.test/repointed") }}
{{ if contains "=" . }}{{ $pair := splitn "=" 2 . }}{{ $_ := set $salts $pair._0 $pair._1 }}{{ end }}
{{ end }}
{{ $unready := list }}

containerStatuses:
{{ range .spec.containers }}
{{ $was := default dict (get $before .name) }}
{{ $mine := "Ready" }}
{{ $count := int64 (default 0 $was.restartCount) }}
{{ if $broken }}{{ if regexMatch $broken (regexReplaceAll "@.*$" .image "") }}
{{ $mine = $state }}
{{ $count = add $count $restarts }}
{{ end }}{{ end }}
{{ if ne $mine "Ready" }}{{ $unready = append $unready .name }}{{ end }}
{{ $startedAt := $now }}
{{ with $was.state }}{{ with .running }}{{ $startedAt = .startedAt }}{{ end }}{{ end }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  restartCount: {{ $count }}
  ready: {{ eq $mine "Ready" }}
  {{ if eq $mine "PullBackOff" }}
  imageID: ""
  {{ else if $was.imageID }}
  imageID: {{ $was.imageID | Quote }}
  {{ else }}
  imageID: {{ template "imageID" (dict "image" .image "salts" $salts) }}
  {{ end }}
  {{ if or (eq $mine "Ready") (eq $mine "Unready") }}
  started: true
  state:
    running:
      startedAt: {{ $startedAt | Quote }}
  {{ else if eq $mine "CrashLoop" }}
  started: false
  state:
    waiting:
      reason: CrashLoopBackOff
      message: {{ printf "back-off restarting failed container %s" .name | Quote }}
  {{ else if eq $mine "PullBackOff" }}
  started: false
  state:
    waiting:
      reason: ImagePullBackOff
      message: {{ printf "Back-off pulling image %s" .image | Quote }}
  {{ else }}
  started: false
  state:
    terminated:
      exitCode: 137
      reason: OOMKilled
      startedAt: {{ $startedAt | Quote }}
      finishedAt: {{ $now | Quote }}
  {{ end }}
  {{ $ended := "" }}
  {{ with $was.state }}{{ with .terminated }}{{ $ended = . }}{{ end }}{{ end }}
  {{ if $ended }}
  lastState:
    terminated: {{ toJson $ended }}
  {{ else if eq $mine "CrashLoop" }}
  lastState:
    terminated:
      exitCode: 1
      reason: Error
      startedAt: {{ $startedAt | Quote }}
      finishedAt: {{ $now | Quote }}
  {{ else if $was.lastState }}
  lastState: {{ toJson $was.lastState }}
  {{ end }}
{{ end }}

{{ if .spec.initContainers }}
initContainerStatuses:
{{ range .spec.initContainers }}
{{ $was := default dict (get $before .name) }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  restartCount: 0
  ready: true
  {{ if $was.imageID }}
  imageID: {{ $was.imageID | Quote }}
  {{ else }}
  imageID: {{ template "imageID" (dict "image" .image "salts" $salts) }}
  {{ end }}
  {{ if $was.state }}
  state: {{ toJson $was.state }}
  {{ else if eq (default "" .restartPolicy) "Always" }}
  started: true
  state:
    running:
      startedAt: {{ $now | Quote }}
  {{ else }}
  started: false
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
  {{ end }}
{{ end }}
{{ end }}

{{ $ready := "True" }}{{ $reason := "" }}{{ $message := "" }}
{{ if $unready }}
{{ $ready = "False" }}
{{ $reason = "ContainersNotReady" }}
{{ $message = printf "containers with unready status: [%s]" (join " " $unready) }}
{{ end }}
conditions:
{{ template "condition" (dict "type" "Initialized" "status" "True" "reason" "" "message" "" "now" $now "conditions" $conditions) }}
{{ template "condition" (dict "type" "ContainersReady" "status" $ready "reason" $reason "message" $message "now" $now "conditions" $conditions) }}
{{ template "condition" (dict "type" "Ready" "status" $ready "reason" $reason "message" $message "now" $now "conditions" $conditions) }}
{{ range .spec.readinessGates }}
{{ template "condition" (dict "type" .conditionType "status" "True" "reason" "" "message" "" "now" $now "conditions" $conditions) }}
{{ end }}
{{ template "condition" (dict "type" "rollway.test/state" "status" "True" "reason" $state "message" "state of the stand-in kubelet" "now" $now "conditions" $conditions) }}

{{ if not .status.podIP }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") }}
podIP: {{ index . 0 | replace $given $told | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | replace $given $told | Quote }}
{{ end }}
{{ end }}
{{ end }}
startTime: {{ default $now .status.startTime | Quote }}
{{ if eq $state "PullBackOff" }}
phase: Pending
{{ else }}
phase: Running
{{ end }}
