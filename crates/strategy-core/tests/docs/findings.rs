//! The findings of plans and targets: code, severity, where it comes from, cause, mend.

/// One a line, as they stand on the page.
pub(super) const FINDINGS: &str = "\
claimed | blocks | any | Another rollout holds the claim. | Resume or abandon that one; take over only if nothing works on it any more.
no-stable | blocks | any | Nothing runs that could be replaced or gone back to. | Make the first release by hand with one replica or more.
parts-do-not-match | blocks | any | The plan moves a part that has no target, or a target has no part in the plan. | Give one target for each part of the release.
unknown-kind | blocks | any | The plan names a hook, gate or analysis that nothing registered knows. | Register it under that kind, at the start and at resume.
unchecked-plan | blocks | any | The plan was read from data and is one that `Plan::new` refuses. | Make the plan with `Plan::new`, which says what is wrong.
unprepared-check | blocks | any | No analysis prepared the check. | Let the analysis of its kind prepare it in `admit`.
requests-outlast-stage | warns | any | Requests or sessions stay with a track for longer than a stage that changes it may take, with the bakes before it: it would run out of time and be rolled back. | Give the stage a longer deadline, bake longer before it, or let sessions end sooner.
program-missing | blocks | `rollway` | A program that a check, gate or hook names is not there or not executable. | Put it there and make it executable, or call `rollway` in the folder that the rollout file means.
unreachable-share | blocks | any | An autoscaler owns stable, traffic follows readiness, and full exposure cannot be reached. | As the finding says.
weight-too-fine | blocks | in memory, Istio, Gateway API, ECS | A weight is finer than the router's steps. | Use a multiple of the router's granularity; with Istio a whole percentage, with Gateway API and ECS a tenth of one.
stable-has-no-replicas | blocks | Kubernetes, ECS | Stable is told to run no replicas, so nothing could carry the traffic home. | Scale it to what the traffic needs, then start.
stale-after-too-short | blocks | Kubernetes | An observation would count as unknown sooner than a quiet watch is heard of, about once a minute, so nothing could go on. | Let `stale_after` be at least what the finding names.
selectors-overlap | blocks with an autoscaler, else warns | Kubernetes | The selector of one Deployment selects the pods of the other too. | Give the pods of each a label of its own and put it into both selectors.
deployment-paused | blocks | Kubernetes | `spec.paused` is on, so a new template starts no pods. | `kubectl rollout resume` on it.
revision-impossible | blocks | Kubernetes, ECS | A stage asks a track for a revision that cannot be made there, such as a container that it does not have. | Change the plan or the release as the finding says.
container-missing | blocks | Kubernetes | Only one of the two Deployments has the container. | Give both templates the same containers, init containers too.
templates-differ | warns | Kubernetes | The two templates differ in the fields that the finding names; a release takes over stable's images and nothing else. | Make them alike, unless that is what tells the two apart.
release-incomplete | blocks | Kubernetes | The candidate has the images of the release already, with others than stable's in containers that the release does not name. | Name these containers in the release too.
traffic-to-nothing | blocks | Kubernetes, ECS | The routes send to a candidate that is not there or has no replicas, so the start could never be gone back to. | Send everything to stable, or let the candidate run what its share needs.
mirror-not-kept | blocks | Kubernetes | A route mirrors to the candidate, and the plan does not end with that mirror. | Take the mirror out before the rollout, or let the plan keep it.
port-not-found | blocks | Kubernetes | The Service sends to a port by a name that no container of the track has. | Name the port in the template, or let the Service send to a number.
endpoint-not-ours | blocks | Service selector | A pod behind the Service, or behind it after a switch, belongs to neither track, so traffic could never be seen to flow as written. | Take the label away that the Service selects it by, or remove it.
router-object-not-found | blocks | Kubernetes | An object that the router is configured with is not there. | Create it, or mend its name.
recorded-start-unreadable | blocks | Kubernetes | The recorded start holds nothing of the router as it is configured now. | Resume with the router and the key that the rollout was started with.
traffic-unsupported | blocks | Service selector, Ingress, ECS | A Service or a path of an Ingress cannot do what the plan asks (a share, a route, a mirror), or a rolling deployment of Amazon ECS is to be held half way. | Switch all at once, or use a router that can, such as Istio.
not-ready-addresses | warns | Service selector, Gateway API, Ingress | The Service sends requests to pods that are not ready (`publishNotReadyAddresses`). | Switch that off.
headless-service | warns | Service selector | The Service is headless, so clients keep the old slot's addresses as long as they cache DNS. | Keep the old slot until they have asked again, or give clients a Service with an address.
affinity-suspended-before | warns | Service selector | An earlier rollout switched session affinity off and has not switched it on again. | Set `sessionAffinity` as it should be, and remove the annotation that the finding names.
selector-absent | blocks | Service selector, Ingress | The Service has no selector, or is of type ExternalName. | Give it one, or name the Service that the slots' pods stand behind.
selector-key-absent | blocks | Service selector | The selector lacks the key that tells the slots apart. | Set it to the live slot's value.
selector-value-unknown | blocks | Service selector | The selector's value is that of neither slot. | Set it to the live slot's value.
selector-matches-nothing | blocks | Service selector | The selector would match no pod of the slot to be switched to. | Take the key that stands in the way out of the selector, or give the pods that label.
slot-label-absent | blocks | Service selector | A slot's pod template lacks the label that tells the slots apart. | Give each slot's template that label with a value of its own, or set `key`.
slots-alike | blocks | Service selector | Both slots' pods carry the same value. | Give each a value of its own, or set `key` to the label that differs.
route-not-found | blocks | Istio, Gateway API, Ingress | No `http` route, or no rule, has a name that `routes`, or `rules`, asks for, or no rule of a host in `hosts` names one of the two Services. | Mend the name there, or name the route or rule.
route-name-twice | blocks | Istio, Gateway API | More than one `http` route or rule has that name. | Give each a name of its own.
route-not-named | warns | Istio, Gateway API | A route or rule holds both destinations and is not among `routes` or `rules`. | Add its name if it should take part.
route-to-canary | warns | Istio, Gateway API | A route or rule sends to the canary whatever the weight, also before and after the rollout. | Make sure that it is meant.
route-to-stable | warns | Istio, Gateway API | A route or rule sends to stable whatever the weight. | Give it the canary's destination with weight 0 if it should take part.
route-conditional | warns | Istio, Gateway API | Weights count only for requests that match the routes or rules that are split. | Add a last one without a match that holds both destinations, if all requests should take part.
route-shadowed | blocks if all are, else warns | Istio | A route before it takes every request, so it is never reached. | Put the route that matches every request last.
routes-disagree | blocks | Istio, Gateway API, Ingress | The routes or rules to be split have different weights now, or some backends name one Service and some the other. | Give them the same, or name those to be split or moved.
not-an-http-route | blocks | Istio | A `tcp` or `tls` route holds one of the destinations; only `http` routes are split. | Declare the port as HTTP and route it under `http`, or move that route to a VirtualService of its own.
destination-not-found | blocks | Istio, Gateway API, Ingress | No route, rule or backend holds the destination as configured. | Add it with weight 0, mend `stable` or `canary`, or set `add-canary`; let the Ingress name the Service that is live.
destination-twice | blocks | Istio, Gateway API | A route or rule holds the same destination more than once. | Make one entry of them, or tell them apart by host and subset, or by port.
destinations-alike | blocks | Istio, Gateway API, Ingress | One destination is both stable's and the canary's as configured, or both Services select the pods of one workload. | Tell the two apart by host or by subset, or by Service.
destinations-differ | blocks | Istio | A track is one destination in one route and another in the next. | Set the host of both, or name the routes.
destination-will-be-added | warns | Istio, Gateway API | The canary's destination is not there yet; the first weight above zero adds it. | Add it with weight 0 if your tools put the object back as they know it.
destination-reaches-nothing | blocks | Istio, Gateway API, Ingress | A destination reaches no pod of its track. | Mend the subset's labels, the Service's selector or the labels of the pods.
destination-reaches-both-tracks | blocks | Istio, Gateway API, Ingress | A destination reaches pods of the other track as well. | Add a label that only this track's pods carry.
destination-reaches-other-track | blocks | Istio, Gateway API | A destination reaches the other track instead of its own. | Let the subset name a label that stays with the track.
destination-rule-not-named | blocks | Istio | A route sends to a subset, and no DestinationRule is configured. | Set `destination-rule` to the one that defines it.
subset-not-found | blocks | Istio | The DestinationRule does not define the subset. | Define it, or mend its name.
host-not-found | blocks | Istio, Gateway API | There is no Service behind the host or backend. | Create it, or mend its name.
backend-without-pods | blocks | Istio, Gateway API, Ingress | Pods of a track are ready, and the EndpointSlices of its Service have none of them, so nobody would send requests to them. | Let the Service's selector and ports reach them, or let slices that are written by hand name them; if the pods have just begun, try again.
host-not-checked | warns | Istio, Gateway API | Which pods the host or backend reaches is not known: no Service of this namespace, or one without a selector. Of one in another namespace it is not known either whether those who send requests have heard of a pod. | Make sure that it reaches the pods of one track only, and begin with small weights.
host-half-qualified | warns | Istio | Istio completes a host only when there is no dot in it. | Write the short name, or the whole one.
third-destination | blocks | Istio, Gateway API | A third destination has weight, so a share of the rest is no share of all. | Give it weight 0 or a route or rule of its own while the rollout runs.
weights-unusable | blocks | Istio, Gateway API | The weights of a route or rule are no whole numbers, or sum to nothing. | Give stable's destination weight 100 and the canary's weight 0.
mirror-taken | blocks | Istio | A route already mirrors to another destination. | Turn its `mirror` into an entry of `mirrors`, or do without a mirror.
mirror-unusable | blocks | Istio, Gateway API | The mirrors to the canary cannot be read as one percentage. | Leave one, with a percentage from 0 to 100, or none.
header-taken | blocks | Istio, Gateway API, ECS | A route or rule whose requests are split matches on the preview's header already. | Choose another header or cookie.
route-not-known | blocks | Istio, Gateway API | A route tells requests apart by something that is not known here, as with Gateway API by a cookie. | Route by a header, or with Istio by a cookie.
preview-route-astray | blocks | Istio, Gateway API | A preview route does not stand directly before the route that it belongs to, or preview rules are not the same for all rules that are split. | Remove it, or move it back.
preview-route-changed | blocks | Istio, Gateway API | A preview route or rule was changed by hand. | Remove it.
no-stickiness | blocks | Istio, Gateway API, Ingress, ECS | There is no stickiness to suspend: Istio and Gateway API share by weight whoever sends, that of an Ingress is left to its controller, and on ECS (`owned-weights`) no rule may have any. | Leave stickiness as it is.
parent-missing | blocks | Gateway API | The route has no parent, so nobody carries it out. | Name the Gateway in `parentRefs`.
parent-not-known | blocks | Gateway API | A parent of the route is neither a Gateway nor a Service of a mesh, and what such a one tells is not known here. | Let its parents be Gateways, or Services of a mesh.
route-not-accepted | blocks | Gateway API | A parent's controller has not said `Accepted` and `ResolvedRefs` of the route as it is now, has denied one of them, or has said nothing at all. | See that the Gateway's class has a controller that runs and that the Gateway takes the route, and mend what the finding tells.
gateway-not-found | blocks | Gateway API | A Gateway of the route's namespace is not there. | Create it, or mend `parentRefs`.
gateway-not-programmed | blocks | Gateway API | A Gateway is not `Programmed` as it is now. | Mend what its controller complains of, or wait until it is done.
gateway-not-checked | warns | Gateway API | A Gateway is in another namespace, which is not read: only what its controller says of the route counts. | Make sure that it is programmed, and watch it by other means.
service-port-not-found | blocks | Gateway API, Ingress | A backend's Service has no such port; of an Ingress both Services need it, since the port stays as it is written. | Mend the port of the backend, or give the Service that port.
session-without-end | blocks | Gateway API | A rule keeps sessions with one backend and gives them no end, so a track could never be taken to be left. | Give its `sessionPersistence` an `absoluteTimeout`.
route-full | blocks | Gateway API | With the rules for previews the route would have more than 16, or more than 128 matches, which is the most there may be. | Move some to a route of their own, or ask for fewer previews.
field-not-known | blocks | Gateway API | The installed definition lacks a field that the plan needs, and the server would drop it without a word: the name of a rule for routes by header (v1.4), the share of a mirror (v1.3). | Install newer definitions, or do without.
route-not-moved | warns | Ingress | A backend names one of the two Services and does not move: its host is not among `hosts`, or its Ingress not among `ingresses`. | Make sure that it is meant, as for a preview, or name them there.
canary-annotation | blocks, warns without a share | Ingress | By the annotation `nginx.ingress.kubernetes.io/canary` an Ingress takes requests of the one that is switched, or that one is itself such a canary. | Remove it, or leave it without weight, header and cookie, while the rollout runs.
ingress-class-missing | warns | Ingress | The Ingress names no class, so which controller carries it out, if any does, is not known. | Name the class in `ingressClassName`.
ingress-class-not-found | blocks | Ingress | The class that the Ingress names is not there, so no controller is known to carry it out. | Mend `ingressClassName`, or install the controller of that class; for one that goes by the name alone, create the class.
ingress-class-not-checked | warns | Ingress | Whether the class is there is not known, since a class is an object of the whole cluster and may not be read. | Make sure that it is there, or allow `get` of `ingressclasses` by a ClusterRole.
autoscaled | warns | ECS | In `rolling` and `native-gated`: an autoscaler decides the count of a service that Amazon ECS deploys. | Start while load is steady, and let its maximum leave room for both.
capacity-dips | warns | ECS | While the service is deployed, fewer of its tasks than wanted may be healthy (`minimumHealthyPercent`). | Set it to 100, and `maximumPercent` above that.
hook-waits-long | warns | ECS | If nobody answers a hook, Amazon ECS goes back only after more than two hours, since the plan may stay for so long before a step. | Bound `policies.pause`, holds for other hands, gates and bakes.
candidate-cannot-be-made | blocks | ECS | Stable's service is found by others past the load balancer (service discovery, Service Connect, VPC Lattice) or is in several target groups, so a candidate made from it would be too. | Make the candidate's service yourself and leave `create` out.
candidate-exposed | warns | ECS | The candidate already gets traffic when the rollout begins. | Send everything to stable first.
daemon-service | blocks | ECS | The service runs a task on every instance, so its count cannot be told. | Use the scheduling strategy REPLICA.
definition-deregistered | blocks | ECS | The task definition that a service runs was deregistered, so it could not be gone back to. | Register it again and let the service run that.
definitions-differ | warns | ECS | The task definitions of the two services differ in more than images; a release takes over stable's images and nothing else. | Make them alike, unless that is what tells the two apart.
deployment-controller | blocks | ECS | The service is deployed by CodeDeploy or an external controller. | Change its deployment controller to ECS.
deployment-in-flight | blocks | ECS | A deployment of the service is under way. | Wait until it is steady.
alarm-in-alarm | blocks | ECS | An alarm of CloudWatch that deployments of the service go by is in ALARM: of one that begins now Amazon ECS would heed no alarm. | Mend what it tells of and wait until it is OK, or take it out of the deployment configuration.
alarm-missing | warns | ECS | Deployments of the service go by an alarm of CloudWatch that is not there, so it never ends one. | Create it, or take it out of the deployment configuration.
alarms-not-looked-at | warns | ECS | Deployments of the service go by alarms of CloudWatch, and the target has no client to look at them; if one is on already, Amazon ECS heeds none. | Give `AccountBuilder::alarms` a client, which `rollway` does, or look at them before the rollout begins.
autoscaler-maximum | blocks | ECS | The autoscaler of a service lets it have fewer tasks than a stage needs. | Raise its maximum capacity.
deployment-strategy | blocks | ECS | The service's own deployment strategy is not the one that the mode needs. | Change it to ROLLING (`owned-weights`, `rolling`) or to BLUE_GREEN (`native-gated`).
hook-details | blocks | ECS | A lifecycle hook of a service that Amazon ECS shifts has details, which could not be put back as they are. | Remove its `hookDetails`.
mixed-actions | blocks | ECS | The production rule has other actions beside its forward, and Amazon ECS shifts no such rule. | Use a rule that only forwards, or mode `owned-weights`.
nothing-to-shift-by | blocks | ECS | Not every load balancer of the service names an alternate target group, a production rule and a role. | Give each an `advancedConfiguration`.
network-load-balancer | blocks while `settle` is below 10 min, else warns | ECS | In `native-gated`: production traffic comes by the listener of a Network Load Balancer, which may send otherwise than it is told for 10 minutes. Amazon ECS waits as long at each step, and the listener's weights are not looked at. | Let `settle` be 10 minutes or more and deadlines of stages longer still, or use an Application Load Balancer.
rolling-is-another-mode | blocks | ECS | Tasks are to be replaced, and no traffic is shifted. | Use mode `rolling`, or a canary or blue-green strategy.
nothing-to-shift | blocks | ECS | No stage asks for a release of the part. | Add its stages, or leave the part out.
promotion-not-native | blocks | ECS | Stable is given the release, or what was found is kept, and Amazon ECS makes the release stable itself. | Leave the promotion out.
rule-not-wired | blocks | ECS | The production rule does not forward to both target groups, so Amazon ECS would take the deployment back. | Add the one that is missing at weight 0.
rule-sticky | warns | ECS | In `native-gated`: the production rule keeps clients with a target group, so the release is measured at less than its weight, and who is still kept where the tasks are taken away is served by nobody. | Switch its stickiness off, or bake the last stage for longer than it lasts.
traffic-shared | blocks | ECS | Both target groups have weight before the rollout begins. | Give all of it to the one that the service runs in.
weights-fall | blocks | ECS | A stage has less traffic than the one before, and a deployment only goes forward. | Let each stage have more than the one before.
percent-too-small | blocks | ECS | A step is below 0.1%, the least that Amazon ECS shifts. | Begin with 0.1% or more.
last-step-not-all | blocks | ECS | The last step is below 100%, and a deployment ends with everything. | End with 100%.
steps-not-equal | blocks | ECS | More than two steps are not equal, and Amazon ECS takes equal ones alone. | Use two steps, equal ones, or mode `owned-weights`.
step-too-small | blocks | ECS | Of more than two steps each is below 3%. | Use larger steps, two steps alone, or mode `owned-weights`.
stable-changed | blocks | ECS | A stage changes stable, which Amazon ECS leaves as it is until it is taken away. | Leave stable as it was found.
candidate-not-released | blocks | ECS | The candidate is to run something else than the release. | Ask for the release.
capacity-not-whole | blocks | ECS | A part of the candidate is asked for, and Amazon ECS brings up all of it. | Ask for all of it.
no-header-routes | blocks | ECS | Requests are sent by header, which is no step of a deployment of Amazon ECS. | Leave the route out.
no-cookie-routes | blocks | ECS | Requests are sent by cookie, which is no step of a deployment of Amazon ECS. | Leave the route out.
no-mirror | blocks | ECS | Requests are copied, which a load balancer does not. | Leave the mirror out.
stickiness-not-ours | blocks | ECS | Stickiness is suspended, and Amazon ECS writes the rule. | Leave it as it is, and switch it off on the rule where it is in the way.
wait-too-long | blocks | ECS | Before a step more may pass than the 14 days that a hook of Amazon ECS waits. | Shorten what the finding names.
no-free-priority | blocks | ECS | There is no free priority directly before the rule, or after all others for a default rule, where a preview rule could stand without taking requests of other rules. | Give the rule that stands there another number.
preview-conditions | blocks | ECS | With the route's, the conditions of the rule would be more than a rule may have: five values, five wildcards. | Route by a header, which needs one value where a cookie needs four, or let the rule ask for less.
preview-left | blocks | ECS | A preview rule of an earlier rollout is still there, which was abandoned or could not end. | Remove it, as the finding says.
preview-needs-secret | blocks | ECS | The rule authenticates by OIDC; a preview rule would need the client secret, which nobody can read. | Leave the route out, or authenticate in another way.
preview-shadowed | blocks | ECS | A rule of a higher priority takes every request with the header or cookie. | Choose another header or cookie, or take that rule away.
route-not-possible | blocks | ECS | A rule cannot tell requests apart by this header or cookie, such as a value with a wildcard. | Use another name or value, as the finding says.
too-many-previews | blocks | ECS | The routes of a stage, for each rule, are more than twelve preview rules or ten routes. | Take fewer routes at once.
too-many-rules | warns | ECS | With the preview rules the load balancer has more than 100 rules. | Take out rules that nobody needs, or have the quota raised.
grace-period-short | warns | ECS | The health check grace period is shorter than the time between two checks, so a task that starts slowly is stopped. | Let it be longer than tasks take to start.
no-circuit-breaker | warns | ECS | In `rolling`: no circuit breaker takes a deployment back that fails, so if Rollway is gone it stays as it is. | Switch it on with `rollback`.
no-health-check | warns | ECS | Neither a load balancer nor a health check of its containers tells whether a task works. | Give its essential containers a health check.
nothing-to-go-back-to | blocks | ECS | No deployment of the service has been completed, or the last one failed. | Deploy what works, and wait until it is steady.
pause-hook | blocks | ECS | In `rolling` and `native-gated`: a lifecycle hook of the service waits for an answer that nobody here gives. | Remove the hook of type PAUSE.
rolls-back-by-itself | warns | ECS | In `owned-weights`: a circuit breaker or alarms of the service take it back by themselves, which counts as somebody else's change. | Turn `rollback` off there.
rule-shadowed | blocks | ECS | A rule of a higher priority, which is not among the rules of the rollout, takes every request that this one, which may be a default rule, would. | Name the rule that carries the traffic, or change the priorities.
rule-to-candidate | warns | ECS | A rule of the load balancer that is not among those of the rollout sends to the candidate's target group whatever the weight. | Make sure that it is meant.
rule-to-stable | blocks if stable changes or is left, else warns | ECS | A rule of the load balancer that is not among those of the rollout sends to stable's target group: its requests stay there while stable is changed, retired or left. | Name it among the rules, or let it send elsewhere.
rules-disagree | blocks | ECS | The rules give the candidate different shares, so there is no one start to go back to. | Give the target groups the same shares in every rule.
several-target-groups | warns | ECS | The service is in several target groups, and only that of its track tells whether a task is ready. | Make sure that a task which is healthy there is so in the others.
slow-start | warns | ECS | New targets get their full share only after a while, so a candidate is measured at less than its weight. | Let bakes be longer than that, or turn slow start off.
stable-has-no-healthy-target | blocks | ECS | None of stable's targets is healthy, so nothing could carry the traffic home. | Mend stable first.
target-group-missing | blocks | ECS | There is no such target group. | Create it with the target type `ip`.
targets-without-addresses | blocks | ECS | Targets are instances, so it cannot be told which task is healthy. | Use the network mode `awsvpc` and a target group of type `ip`.
targets-without-ipv4 | blocks | ECS | The target group knows its targets by IPv6 addresses, by which no task is told to be healthy. | Use a target group with the IP address type `ipv4`.
too-many-target-groups | blocks | ECS | With the candidate's, the rule would forward to more than five target groups. | Take out those at weight 0 that belong to neither service.
counted-twice | blocks | metrics | Two jobs of Prometheus scrape one process, or the copies of two servers answer, so each event counts twice, and no bound of false alarms holds. | Select one job or one replica in the metric of the check; where they are two processes, make a check for each; once the scrape is mended, it stands until `stale-after` is over.
looks-without-windows | warns | metrics | The source tells of whole periods only, has samples only so far apart, or tells of a window only some time after it is over, and that is longer than the check's interval: some looks have nothing to judge, and the end of the last bake may be judged by none. | Make the interval of the check as long as a period of the source, or as its samples are apart, and the last bake longer by its `settle`.
bake-without-evidence | warns | metrics | The stages that ask the check hold so few windows at least that no evidence can be enough to fail a candidate, whatever fails. A window ends with a look, and what the source tells late of the last bake, its `settle`, is in none. | Let their bakes be as long as the finding says, or both the judge's `unit-window` and the check's interval shorter.
bake-without-windows | warns | metrics | The source tells of the first window of a bake only when the bake would be over. | Make the bake longer than the finding says.
limits-differ | warns | metrics | The judge follows the rules of Argo Rollouts or Flagger, and the check has other limits than they. | Make the check with `MetricCheck`, or give it the limits that the finding names.
metric-without-data | warns | metrics | Of stable there was no datapoint of CloudWatch in the last hour or period, or no series of Prometheus within `stale-after`; what is misspelt and what did not happen look alike. Also where the judge does not compare, as `slo`: the same would be asked of the candidate. | Ask the source for what the finding names, and correct name, labels or dimensions, or make sure that stable is used.
failed-without-label | warns | metrics | `failed` selects by a label that no series of `requests` has, so nothing counts as failed. | Select failures by a label that the finding names; where only what failed has it, nothing is to be mended.
assumes-independent-errors | warns | metrics | The judge takes errors to be independent of each other; errors that come in bursts can fail a good release. | Ask for a metric by unit such as a pod, or set the judge's `gate` to `always`.
windows-hold-few-samples | warns | metrics | The source samples targets at moments of their own, and a window holds fewer than four samples of each: an incident that both tracks share can be seen of one alone, and fail a good release. | Look more seldom, sample more often, or ask for a metric by unit such as a pod.
tracks-alike | blocks | metrics | A judge that is told of both tracks would compare a query with itself, and never find anything: the metric has no label that tells the tracks apart. | Write what tells them apart as a label of the track, such as `{{deployment}}`.
units-not-told | blocks | metrics | The judge compares units, and the source does not tell them apart. | Name the label that tells them apart in the metric, or choose another judge.
buckets-too-coarse | blocks | metrics | What the judge is to find cannot show in the buckets that the histogram has. | Use finer buckets, or let the judge look for the least that the finding names.
";
