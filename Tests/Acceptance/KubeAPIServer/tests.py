# SPDX-License-Identifier: Apache-2.0
"""The tests, in order. Each starts from the state that the previous one left. A docstring is the test's name."""
import os
import pathlib
import signal
import sys
import urllib.parse

import yaml

from checks import Suite, wait
from cluster import USER_AGENT
from containers import Containers, new_id
from exporter import Exporter, GuardedExporter
from pods import Pod, in_parallel
from processes import start
from environment import ACCOUNTS, BINDINGS, IDLE_USER, PODS, TOKEN_AUTH, USER

SUITE = Suite()


def names_of_new_pod(env, name):
    """Creates a pod with a container, and returns the metrics once the container has its names."""
    pod, container = env.start_pod("shop", name)
    env.expected[pod.ids["app"]] = pod.names("app")
    return env.exporter.wait_for_names(container, *pod.names("app"))


def pods_known(env):
    return env.exporter.metrics().value("pidns_kubernetes_pods")


@SUITE.test
def forbidden_at_start(env):
    """Without its ClusterRoleBinding, the exporter counts and logs 403, and exposes containers without names"""
    env.start_idle_exporter()
    env.start_exporter()
    metrics = env.exporter.wait_for_error("forbidden", more_than=1)
    assert metrics.value("pidns_kubernetes_pods") == 0
    container = next(iter(env.expected))
    env.exporter.wait_for_names(container, "", "", "")
    assert "ClusterRoleBinding" in env.exporter.log(), env.exporter.log()


@SUITE.test
def names(env):
    """With deploy/kubernetes/daemonset.yaml, the exporter knows its node's 600 pods and names containers, also of static pods and of pods with equal names"""
    env.server.apply([env.binding])
    env.check_names(env.exporter.wait_for_pods(PODS))
    names_of_new_pod(env, "first")
    wait("the log has the recovery", lambda: "again" in env.exporter.log())


@SUITE.test
def hundred_containers(env):
    """Each container of a pod with 100 containers has its name"""
    env.check_names(env.exporter.metrics(), env.of_hundred)


@SUITE.test
def counts(env):
    """Execs are counted under the container's names"""
    container = env.expected[env.static_container]
    labels = dict(zip(("namespace", "pod", "container"), container))
    before = env.exporter.metrics().value("pidns_process_execs_total", **labels)
    env.exporter.wait(
        "the container executes something", lambda now: now.value("pidns_process_execs_total", **labels) > before + 5)


@SUITE.test
def comes_and_goes(env):
    """Pods are created and deleted during a watch; a pod that is recreated under its name has a new container"""
    before = pods_known(env)
    first, first_container = env.start_pod("shop", "db-0")
    env.exporter.wait_for_names(first_container, *first.names("app"))
    env.exporter.wait_for_pods(before + 1)
    env.containers.stop(first.ids["app"])
    first.delete(env.second)
    metrics = env.exporter.wait_for_pods(before)
    assert metrics.names(first_container) == first.names("app"), "series of ended containers keep their names"
    second, second_container = env.start_pod("shop", "db-0")
    env.exporter.wait_for_names(second_container, *second.names("app"))
    env.expected[second.ids["app"]] = second.names("app")
    deleted = [env.plain.pop() for _ in range(50)]
    in_parallel(lambda pod: pod.delete(env.second), deleted)
    env.check_names(env.exporter.wait_for_pods(before + 1 - len(deleted)))


@SUITE.test
def restart(env):
    """During a restart of the API server names stay; a container that starts meanwhile gets its names afterwards"""
    pods = pods_known(env)
    env.server.stop()
    failures = env.exporter.wait_for_error("connection").errors("connection")
    pod, container = env.start_pod("games", "meanwhile")
    metrics = env.exporter.wait_for_names(container, "", "", "")
    env.check_names(metrics)
    assert metrics.value("pidns_kubernetes_pods") == pods
    env.exporter.wait_for_error("connection", more_than=failures)
    env.server.start()
    env.exporter.wait_for_names(container, *pod.names("app"))
    env.expected[pod.ids["app"]] = pod.names("app")
    env.check_names(env.exporter.wait_for_pods(pods + 1))


def compaction(env, *flags):
    """Changes pods and compacts etcd while the first API server is down, and restarts it with flags."""
    before = env.exporter.metrics()
    pods = before.value("pidns_kubernetes_pods")
    env.server.kill()
    deleted = [env.plain.pop() for _ in range(20)]
    in_parallel(lambda pod: pod.delete(env.second), deleted)
    pod, container = env.start_pod("games", f"compacted{len(flags)}")
    env.etcd.compact()
    env.server.start(*flags)
    env.exporter.wait_for_error("expired", more_than=before.errors("expired"))
    env.exporter.wait_for_names(container, *pod.names("app"))
    env.expected[pod.ids["app"]] = pod.names("app")
    env.check_names(env.exporter.wait_for_pods(pods + 1 - len(deleted)))


@SUITE.test
def compaction_behind_cache(env):
    """After a 410 from the watch cache, which misses events during the downtime, the exporter lists again"""
    compaction(env)


@SUITE.test
def compaction_in_etcd(env):
    """After a 410 from etcd, whose events are compacted, without a watch cache, the exporter lists again"""
    compaction(env, "--watch-cache=false")


@SUITE.test
def pages(env):
    """A list has two pages if the API server reads from etcd"""
    assert pods_known(env) > 500
    third = Exporter(env.program, env.folder, 10061, "node", "--kubernetes", api_port=env.server.port)
    try:
        third.wait_for_pods(pods_known(env))
    finally:
        third.stop()
    uris = [event["requestURI"] for event in env.server.audited(USER) if event["verb"] == "list"]
    assert any("continue=" in uri for uri in uris), uris


LIST_ONE = "/api/v1/pods?limit=1"


@SUITE.test
def token_expires(env):
    """An expired token is counted and logged as 401, names stay, and the kubelet's next token is used"""
    before = env.exporter.metrics()
    token = env.certificates.token("pidns-exporter", "pidns-exporter", env.account_uid, seconds=5)
    assert env.second.request("GET", LIST_ONE, token=token)[0] == 200, "the API server rejects the token"
    env.files.write(token)
    wait("the token has expired", lambda: env.second.request("GET", LIST_ONE, token=token)[0] == 401)
    env.server.kill()
    env.server.start()
    metrics = env.exporter.wait_for_error("unauthorized", more_than=before.errors("unauthorized") + 1)
    env.check_names(metrics)
    assert "unauthorized" in env.exporter.log(), env.exporter.log()
    env.files.write(env.token())
    names_of_new_pod(env, "new-token")


@SUITE.test
def token_is_renewed_in_time(env):
    """A token that is renewed before it expires, here with the deletion of its pod, causes no 401"""
    pod = Pod(env.second, "pidns-exporter", "pidns-exporter-x", "other", account="pidns-exporter")
    bound = env.token(pod)
    env.files.write(bound)
    env.server.kill()
    env.server.start()
    before = names_of_new_pod(env, "bound")
    users = [event["user"] for event in env.server.audited(USER)]
    assert users[-1]["extra"]["authentication.kubernetes.io/pod-name"] == [pod.name], users[-1]
    env.files.write(env.token())
    pod.delete(env.second)
    wait("the token has ended", lambda: env.second.request("GET", LIST_ONE, token=bound)[0] == 401)
    env.server.kill()
    env.server.start()
    metrics = names_of_new_pod(env, "renewed")
    assert metrics.errors("unauthorized") == before.errors("unauthorized")


@SUITE.test
def role_is_revoked(env):
    """A deleted ClusterRoleBinding is counted and logged as 403, names stay, and the watch recovers when it is recreated"""
    before, log = env.exporter.metrics(), env.exporter.log()
    name = env.binding["metadata"]["name"]
    env.second.call("DELETE", f"{BINDINGS}/{name}")
    env.server.kill()
    env.server.start()
    metrics = env.exporter.wait_for_error("forbidden", more_than=before.errors("forbidden") + 1)
    env.check_names(metrics)
    assert "forbidden" in env.exporter.log()[len(log):], env.exporter.log()
    env.second.apply([env.binding])
    names_of_new_pod(env, "allowed-again")


CLOCK = "pidns_kubernetes_last_event_timestamp_seconds"


def wait_for_bookmark(env, exporter):
    """Creates a pod on another node, because kube-apiserver sends a bookmark only if its version is newer than the watch."""
    before = exporter.metrics().value(CLOCK)
    Pod(env.second, "games", f"elsewhere-{new_id()[:8]}", "other")
    exporter.wait("a bookmark arrives", lambda now: now.value(CLOCK) > before + 5, timeout=200)


@SUITE.test
def hangs(env):
    """If the API server hangs with open connections, missing bookmarks end the watch"""
    # By the watch: a list may have named the previous one.
    before = names_of_new_pod(env, "before-the-hang")
    wait_for_bookmark(env, env.exporter)
    os.kill(env.server.process.pid, signal.SIGSTOP)
    try:
        env.check_names(env.exporter.wait_for_error("timeout", more_than=before.errors("timeout"), timeout=420))
    finally:
        os.kill(env.server.process.pid, signal.SIGCONT)
    names_of_new_pod(env, "thawed")


@SUITE.test
def role_is_all_that_is_used(env):
    """The audit log has exactly the requests that the ClusterRole grants, and only for the exporter's node"""
    # Without the requests of the tests themselves.
    events = [event for event in env.server.audited(USER) if event.get("userAgent") != USER_AGENT]
    granted = {
        (group, resource, verb) for rule in env.role["rules"] for group in rule["apiGroups"]
        for resource in rule["resources"] for verb in rule["verbs"]}
    asked = {
        (event["objectRef"].get("apiGroup", ""), event["objectRef"]["resource"] + event["objectRef"].get("subresource", ""),
         event["verb"]) for event in events}
    assert asked == granted, f"asked: {asked}, granted: {granted}"
    selectors = {query(event).get("fieldSelector") for event in events}
    assert selectors == {"spec.nodeName=node"}, selectors


def reviewed(env):
    """Returns how often the exporter has asked for each kind of review."""
    resources = [
        event["objectRef"]["resource"] for event in env.server.audited(USER)
        if event["verb"] == "create" and event["stage"] == "ResponseComplete"]
    return {kind: resources.count(kind) for kind in ("tokenreviews", "subjectaccessreviews")}


@SUITE.test
def tokens(env):
    """With the component token-auth, only the scraper's service account gets /metrics; without its binding, the exporter logs what is missing"""
    documents = list(yaml.safe_load_all(TOKEN_AUTH.read_text()))
    delegator = next(document for document in documents if document["metadata"]["name"].endswith("-auth-delegator"))
    # kustomize does that.
    delegator["subjects"][0]["namespace"] = "pidns-exporter"
    env.server.apply(document for document in documents if document is not delegator)
    env.server.apply([{
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "other", "namespace": "pidns-exporter"}}])
    env.guarded = guarded = GuardedExporter(env.program, env.folder, 10062, env.server.port)
    scraper, other = (env.token(account=account) for account in ("pidns-exporter-scraper", "other"))
    assert guarded.status(scraper) == 503
    assert "system:auth-delegator" in guarded.log(), guarded.log()
    env.server.apply([delegator])
    wait("the scraper gets the metrics", lambda: guarded.status(scraper) == 200)
    before = reviewed(env)
    expected = {
        200: [(scraper,), (scraper,), (None, "/-/healthy"), ("wrong", "/-/ready")],
        401: [(None,), ("wrong",), (scraper[:-3] + "AAA",), (None, "/nothing")],
        403: [(other,), (scraper, "/"), (scraper, "/metrics", "HEAD")], 404: [(other, "/nothing")]}
    for status, requests in expected.items():
        for request in requests:
            assert (got := guarded.status(*request)) == status, f"{got} in place of {status}: {request}"
    after = reviewed(env)
    # Two wrong tokens; another user for /metrics, and for a path that does not exist; the scraper for / and for HEAD.
    assert {kind: after[kind] - before[kind] for kind in after} == {"tokenreviews": 6, "subjectaccessreviews": 3}, (before, after)
    assert not any(token in guarded.log() for token in (scraper, other)), "a token is in the log"


@SUITE.test
def tokens_without_server(env):
    """While the API server is down, a remembered token gets the metrics and a new one 503; then both get them"""
    scraper, new = (env.token(account="pidns-exporter-scraper", seconds=seconds) for seconds in (3600, 7200))
    assert env.guarded.status(scraper) == 200
    env.server.kill()
    assert [env.guarded.status(token) for token in (scraper, new)] == [200, 503]
    assert "reason=connection" in env.guarded.log(), env.guarded.log()
    env.server.start()
    wait("the new token gets the metrics", lambda: env.guarded.status(new) == 200)


@SUITE.test
def tokens_are_revoked(env):
    """A deleted ClusterRoleBinding gives 403 after two minutes, a deleted service account 401"""
    scraper = env.token(account="pidns-exporter-scraper")
    assert env.guarded.status(scraper) == 200
    env.second.call("DELETE", f"{BINDINGS}/pidns-exporter-scraper")
    assert env.guarded.status(scraper) == 200, "the answer is not remembered"
    wait("the scraper is refused", lambda: env.guarded.status(scraper) == 403)
    env.second.call("DELETE", f"{ACCOUNTS}/pidns-exporter-scraper")
    wait("its token is refused", lambda: env.guarded.status(scraper) == 401)
    assert env.guarded.stop() == 0


def query(event):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(event["requestURI"]).query))


@SUITE.test
def watch_ends(env):
    """When the API server ends a watch after the requested time, the next one resumes without a list"""
    def watches(stage):
        return [
            event for event in env.second.audited(IDLE_USER) if event["verb"] == "watch" and event["stage"] == stage]

    ended = wait("a watch has ended by its timeout", lambda: watches("ResponseComplete"), timeout=660)[0]
    asked = query(ended)
    # Of watches, 1.20 writes the stage ResponseStarted when they end.
    assert 300 <= int(asked["timeoutSeconds"]) <= 600, asked
    following = wait("the next watch", lambda: watches("RequestReceived")[1:])[0]
    assert int(query(following)["resourceVersion"]) > int(asked["resourceVersion"]), "the next watch starts from a bookmark"
    lists = [event for event in env.second.audited(IDLE_USER) if event["verb"] == "list"]
    assert {event["requestURI"] for event in lists} == {lists[0]["requestURI"]}, lists


@SUITE.test
def bookmarks(env):
    """On a node without events, bookmarks update the time of the last event, and no error is counted"""
    wait_for_bookmark(env, env.idle)
    metrics = env.idle.metrics()
    assert metrics.value("pidns_kubernetes_pods") == 3
    assert metrics.value("pidns_kubernetes_watch_errors_total") == 0, metrics.values("pidns_kubernetes_watch_errors_total")


KILLED_RUN = "import sys, signal, containers; containers.Containers(sys.argv[1]).start(*sys.argv[2:]); signal.pause()"


@SUITE.test
def killed_run(env):
    """A killed run of these tests leaves no container process"""
    uid, identifier = "of-a-killed-run", new_id()
    env.containers.record_cgroups(Containers.cgroup(uid, identifier))
    lists = [pathlib.Path(cgroup, "cgroup.procs") for cgroup in env.containers.cgroups if cgroup.endswith(identifier)]

    def is_running():
        return any(processes.exists() and processes.read_text() for processes in lists)

    run = start(
        [sys.executable, "-B", "-c", KILLED_RUN, f"{env.folder}/killed", uid, identifier],
        cwd=pathlib.Path(__file__).parent, env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
    try:
        wait("its container runs", is_running)
    finally:
        run.kill()
        run.wait()
    wait("its container has ended", lambda: not is_running())


@SUITE.test
def ends(env):
    """SIGTERM ends both exporters with 0"""
    assert [env.exporter.stop(), env.idle.stop()] == [0, 0]
