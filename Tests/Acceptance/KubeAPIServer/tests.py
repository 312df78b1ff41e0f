# SPDX-License-Identifier: Apache-2.0
"""The tests, in the order in which they run: each begins where the one before has ended. A test's first line is its name."""
import os
import pathlib
import signal
import sys
import urllib.parse

from cluster import USER_AGENT, wait
from containers import Containers, new_id
from exporter import Exporter
from pods import Pod, in_parallel
from processes import start
from world import BINDINGS, PODS, QUIET_USER, USER

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def names_of_new_pod(world, name):
    """Makes a pod with a container: how they are named, once they are."""
    pod, container = world.start_pod("shop", name)
    world.expected[pod.ids["app"]] = pod.names("app")
    return world.exporter.wait_for_names(container, *pod.names("app"))


def pods_known(world):
    return world.exporter.metrics().value("pidns_kubernetes_pods")


@test
def forbidden_at_start(world):
    """Without its ClusterRoleBinding it counts and logs 403, and shows containers without names"""
    world.start_quiet_exporter()
    world.start_exporter()
    metrics = world.exporter.wait_for_error("forbidden", more_than=1)
    assert metrics.value("pidns_kubernetes_pods") == 0
    container = next(iter(world.expected))
    world.exporter.wait_for_names(container, "", "", "")
    assert "ClusterRoleBinding" in world.exporter.log(), world.exporter.log()


@test
def names(world):
    """With deploy/kubernetes/daemonset.yaml it knows its node's 600 pods, and names containers: of static pods and equal names, too"""
    world.server.apply([world.binding])
    world.check_names(world.exporter.wait_for_pods(PODS))
    names_of_new_pod(world, "first")
    wait("the log has the recovery", lambda: "again" in world.exporter.log())


@test
def hundred_containers(world):
    """A pod has 100 containers: each of them has its name"""
    world.check_names(world.exporter.metrics(), world.of_hundred)


@test
def counts(world):
    """Execs are counted under the names"""
    container = world.expected[world.static_container]
    labels = dict(zip(("namespace", "pod", "container"), container))
    before = world.exporter.metrics().value("pidns_process_execs_total", **labels)
    world.exporter.wait(
        "the container executes something", lambda now: now.value("pidns_process_execs_total", **labels) > before + 5)


@test
def comes_and_goes(world):
    """Pods are created and deleted during a watch; one that is created again under its name has a new container"""
    before = pods_known(world)
    first, first_container = world.start_pod("shop", "db-0")
    world.exporter.wait_for_names(first_container, *first.names("app"))
    world.exporter.wait_for_pods(before + 1)
    world.containers.stop(first.ids["app"])
    first.delete(world.second)
    metrics = world.exporter.wait_for_pods(before)
    assert metrics.names(first_container) == first.names("app"), "the series of what has ended keep their names"
    second, second_container = world.start_pod("shop", "db-0")
    world.exporter.wait_for_names(second_container, *second.names("app"))
    world.expected[second.ids["app"]] = second.names("app")
    doomed = [world.plain.pop() for _ in range(50)]
    in_parallel(lambda pod: pod.delete(world.second), doomed)
    world.check_names(world.exporter.wait_for_pods(before + 1 - len(doomed)))


@test
def restart(world):
    """The API server restarts: names stay, and a container that started meanwhile is named afterwards"""
    pods = pods_known(world)
    world.server.stop()
    failures = world.exporter.wait_for_error("connection").errors("connection")
    pod, container = world.start_pod("games", "meanwhile")
    metrics = world.exporter.wait_for_names(container, "", "", "")
    world.check_names(metrics)
    assert metrics.value("pidns_kubernetes_pods") == pods
    world.exporter.wait_for_error("connection", more_than=failures)
    world.server.start()
    world.exporter.wait_for_names(container, *pod.names("app"))
    world.expected[pod.ids["app"]] = pod.names("app")
    world.check_names(world.exporter.wait_for_pods(pods + 1))


def compaction(world, *flags):
    """Pods come and go and etcd forgets how, all while the first API server is away; it comes back with flags."""
    before = world.exporter.metrics()
    pods = before.value("pidns_kubernetes_pods")
    world.server.kill()
    doomed = [world.plain.pop() for _ in range(20)]
    in_parallel(lambda pod: pod.delete(world.second), doomed)
    pod, container = world.start_pod("games", f"compacted{len(flags)}")
    world.etcd.compact()
    world.server.start(*flags)
    world.exporter.wait_for_error("expired", more_than=before.errors("expired"))
    world.exporter.wait_for_names(container, *pod.names("app"))
    world.expected[pod.ids["app"]] = pod.names("app")
    world.check_names(world.exporter.wait_for_pods(pods + 1 - len(doomed)))


@test
def compaction_behind_cache(world):
    """410 from the watch cache: it lacks what happened while the API server was away; the exporter lists again"""
    compaction(world)


@test
def compaction_in_etcd(world):
    """410 from etcd, without a watch cache: what happened is compacted; the exporter lists again"""
    compaction(world, "--watch-cache=false")


@test
def pages(world):
    """A list comes in two pages where the API server reads from etcd"""
    assert pods_known(world) > 500
    third = Exporter(world.program, world.folder, 10061, "node", "--kubernetes", api_port=world.server.port)
    try:
        third.wait_for_pods(pods_known(world))
    finally:
        third.stop()
    uris = [event["requestURI"] for event in world.server.audited(USER) if event["verb"] == "list"]
    assert any("continue=" in uri for uri in uris), uris


LIST_ONE = "/api/v1/pods?limit=1"


@test
def token_expires(world):
    """A token expires: 401 is counted and logged, names stay, and the token that the kubelet writes next is used"""
    before = world.exporter.metrics()
    token = world.certificates.token("pidns-exporter", "pidns-exporter", world.account_uid, seconds=5)
    assert world.second.ask("GET", LIST_ONE, token=token)[0] == 200, "the token is not taken for real"
    world.files.write(token)
    wait("the token has expired", lambda: world.second.ask("GET", LIST_ONE, token=token)[0] == 401)
    world.server.kill()
    world.server.start()
    metrics = world.exporter.wait_for_error("unauthorized", more_than=before.errors("unauthorized") + 1)
    world.check_names(metrics)
    assert "unauthorized" in world.exporter.log(), world.exporter.log()
    world.files.write(world.token())
    names_of_new_pod(world, "new-token")


@test
def token_is_renewed_in_time(world):
    """A token is renewed before it ends, here with the pod that it is bound to: no 401"""
    pod = Pod(world.second, "pidns-exporter", "pidns-exporter-x", "other", account="pidns-exporter")
    bound = world.token(pod)
    world.files.write(bound)
    world.server.kill()
    world.server.start()
    before = names_of_new_pod(world, "bound")
    users = [event["user"] for event in world.server.audited(USER)]
    assert users[-1]["extra"]["authentication.kubernetes.io/pod-name"] == [pod.name], users[-1]
    world.files.write(world.token())
    pod.delete(world.second)
    wait("the token has ended", lambda: world.second.ask("GET", LIST_ONE, token=bound)[0] == 401)
    world.server.kill()
    world.server.start()
    metrics = names_of_new_pod(world, "renewed")
    assert metrics.errors("unauthorized") == before.errors("unauthorized")


@test
def role_is_revoked(world):
    """The ClusterRoleBinding is deleted: 403 is counted and logged, names stay, and the watch recovers when it is back"""
    before, log = world.exporter.metrics(), world.exporter.log()
    name = world.binding["metadata"]["name"]
    world.second.do("DELETE", f"{BINDINGS}/{name}")
    world.server.kill()
    world.server.start()
    metrics = world.exporter.wait_for_error("forbidden", more_than=before.errors("forbidden") + 1)
    world.check_names(metrics)
    assert "forbidden" in world.exporter.log()[len(log):], world.exporter.log()
    world.second.apply([world.binding])
    names_of_new_pod(world, "allowed-again")


CLOCK = "pidns_kubernetes_last_event_timestamp_seconds"


def wait_for_bookmark(world, exporter):
    """Makes a pod on another node: kube-apiserver sends only bookmarks that are newer than the beginning of the watch."""
    before = exporter.metrics().value(CLOCK)
    Pod(world.second, "games", f"elsewhere-{new_id()[:8]}", "other")
    exporter.wait("a bookmark comes", lambda now: now.value(CLOCK) > before + 5, patience=200)


@test
def hangs(world):
    """The API server hangs with its connections open: the missing bookmarks end the watch"""
    # During the watch: the one before it may have been named by a list.
    before = names_of_new_pod(world, "before-the-hang")
    wait_for_bookmark(world, world.exporter)
    os.kill(world.server.process.pid, signal.SIGSTOP)
    try:
        world.check_names(world.exporter.wait_for_error("timeout", more_than=before.errors("timeout"), patience=420))
    finally:
        os.kill(world.server.process.pid, signal.SIGCONT)
    names_of_new_pod(world, "thawed")


@test
def role_is_all_that_is_used(world):
    """The audit log has all that the ClusterRole grants, nothing else, and only for the exporter's own node"""
    # The tests try tokens out themselves.
    events = [event for event in world.server.audited(USER) if event.get("userAgent") != USER_AGENT]
    granted = {
        (group, resource, verb) for rule in world.role["rules"] for group in rule["apiGroups"]
        for resource in rule["resources"] for verb in rule["verbs"]}
    asked = {
        (event["objectRef"].get("apiGroup", ""), event["objectRef"]["resource"] + event["objectRef"].get("subresource", ""),
         event["verb"]) for event in events}
    assert asked == granted, f"asked: {asked}, granted: {granted}"
    selectors = {query(event).get("fieldSelector") for event in events}
    assert selectors == {"spec.nodeName=node"}, selectors


def query(event):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(event["requestURI"]).query))


@test
def watch_ends(world):
    """The API server ends a watch after the requested time: the next one continues where it ended, without a list"""
    def watches(stage):
        return [
            event for event in world.second.audited(QUIET_USER) if event["verb"] == "watch" and event["stage"] == stage]

    ended = wait("a watch has lasted its time", lambda: watches("ResponseComplete"), patience=660)[0]
    asked = query(ended)
    # Of watches, 1.20 writes the stage ResponseStarted when they end.
    assert 300 <= int(asked["timeoutSeconds"]) <= 600, asked
    following = wait("the next watch", lambda: watches("RequestReceived")[1:])[0]
    assert int(query(following)["resourceVersion"]) > int(asked["resourceVersion"]), "bookmarks carry it on"
    lists = [event for event in world.second.audited(QUIET_USER) if event["verb"] == "list"]
    assert {event["requestURI"] for event in lists} == {lists[0]["requestURI"]}, lists


@test
def bookmarks(world):
    """On a node where nothing happens, bookmarks move the time of the last event, and no error is counted"""
    wait_for_bookmark(world, world.quiet)
    metrics = world.quiet.metrics()
    assert metrics.value("pidns_kubernetes_pods") == 3
    assert metrics.value("pidns_kubernetes_watch_errors_total") == 0, metrics.values("pidns_kubernetes_watch_errors_total")


KILLED_RUN = "import sys, signal, containers; containers.Containers(sys.argv[1]).start(*sys.argv[2:]); signal.pause()"


@test
def killed_run(world):
    """A run of these tests that is killed leaves no process of its containers"""
    uid, identifier = "of-a-killed-run", new_id()
    world.containers.note_cgroups(Containers.cgroup(uid, identifier))
    lists = [pathlib.Path(cgroup, "cgroup.procs") for cgroup in world.containers.cgroups if cgroup.endswith(identifier)]

    def is_running():
        return any(processes.exists() and processes.read_text() for processes in lists)

    run = start(
        [sys.executable, "-B", "-c", KILLED_RUN, f"{world.folder}/killed", uid, identifier],
        cwd=pathlib.Path(__file__).parent)
    try:
        wait("its container runs", is_running)
    finally:
        run.kill()
        run.wait()
    wait("its container has ended", lambda: not is_running())


@test
def ends(world):
    """SIGTERM ends both exporters with 0"""
    assert [world.exporter.stop(), world.quiet.stop()] == [0, 0]
