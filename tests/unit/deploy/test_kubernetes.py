"""Manifests against Kubernetes' own schemas, built as kubectl builds them, and what a pod may do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from m365_restrict.tenant.federation import AUDIENCE, TOKEN_FILE_VARIABLE
from settings.schedule import ScheduleSettings

VERSIONS = ("1.33", "1.37")
"""Indexed jobs that count failures for each index are settled since 1.33."""
WAYS = ("scheduler", "cronjobs", "many-councils")
OTHERS = {"ServiceMonitor", "Kustomization"}
"""Of the Prometheus operator and of kustomize: Kubernetes has no schema for them."""


def manifests(deploy: Path) -> list[tuple[str, dict[str, Any]]]:
    return [
        (str(path.relative_to(deploy / "kubernetes")), document)
        for path in sorted((deploy / "kubernetes").rglob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


def pods(deploy: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod that is made, with the name of what makes it."""
    for path, one in manifests(deploy):
        spec = one.get("spec", {})
        if one["kind"] == "CronJob":
            yield path, spec["jobTemplate"]["spec"]["template"]["spec"]
        elif one["kind"] == "Deployment":
            yield path, spec["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_manifest(deploy: Path, version: str) -> None:
    judged = [one for _, one in manifests(deploy) if one["kind"] not in OTHERS]
    assert len(judged) > len(WAYS)
    for one in judged:
        kubernetes_validate.validate(one, version, strict=True)


def test_a_manifest_that_is_wrong_is_not_taken(deploy: Path) -> None:
    (job,) = [one for path, one in manifests(deploy) if path == "cronjobs/drift.yaml"]
    job["spec"]["concurrencypolicy"] = "Forbid"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, VERSIONS[0], strict=True)


@pytest.mark.parametrize("way", WAYS)
def test_kubectl_builds_each_way(deploy: Path, judge: Any, way: str) -> None:
    ran = judge("kubectl", "kustomize", deploy / "kubernetes" / way)
    assert ran.returncode == 0, ran.stdout
    made = list(yaml.safe_load_all(ran.stdout))
    assert {one["metadata"].get("namespace", "m365-restrict") for one in made} == {"m365-restrict"}
    assert "image: m365-restrict\n" not in ran.stdout


@pytest.mark.parametrize("way", [*WAYS, "base", "council"])
def test_every_manifest_is_named_and_there(deploy: Path, way: str) -> None:
    folder = deploy / "kubernetes" / way
    named = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    files = {one for one in named if one.endswith(".yaml")}
    assert files == {one.name for one in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert all((folder / one / "kustomization.yaml").exists() for one in set(named) - files)


def test_a_pod_may_do_little(deploy: Path) -> None:
    found = list(pods(deploy))
    assert found
    for path, pod in found:
        assert pod["automountServiceAccountToken"] is False, path
        assert pod["securityContext"]["runAsNonRoot"] is True, path
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, path
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, path
            assert container["resources"]["requests"], path
            assert container["resources"]["limits"]["memory"], path


def test_a_stop_has_time_for_the_job_at_work(deploy: Path) -> None:
    least = ScheduleSettings.model_fields["stop_seconds"].default
    assert all(pod["terminationGracePeriodSeconds"] > least for _, pod in pods(deploy))


def test_a_job_has_time_to_end_and_never_runs_beside_itself(deploy: Path) -> None:
    fields = ScheduleSettings.model_fields
    needed = 60 * (fields["longest_minutes"].default + fields["wait_minutes"].default)
    for path, one in manifests(deploy):
        if one["kind"] == "CronJob":
            assert one["spec"]["concurrencyPolicy"] == "Forbid", path
            assert one["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] > needed, path


def test_as_many_workers_as_shares(deploy: Path) -> None:
    told = dict(manifests(deploy))["many-councils/workers.yaml"]["data"]["M365_RESTRICT_TENANTS__SHARDS"]
    for path, one in manifests(deploy):
        if path.startswith("many-councils") and one["kind"] == "CronJob":
            job = one["spec"]["jobTemplate"]["spec"]
            assert job["completionMode"] == "Indexed", path
            assert job["completions"] == int(told), path


def test_two_schedulers_one_of_which_may_go_at_a_time(deploy: Path) -> None:
    found = dict(manifests(deploy))
    assert found["scheduler/deployment.yaml"]["spec"]["replicas"] == 2
    assert found["scheduler/poddisruptionbudget.yaml"]["spec"]["minAvailable"] == 1


def test_metrics_are_fetched_where_they_are(deploy: Path) -> None:
    found = dict(manifests(deploy))
    (container,) = found["scheduler/deployment.yaml"]["spec"]["template"]["spec"]["containers"]
    (port,) = found["scheduler/service.yaml"]["spec"]["ports"]
    (endpoint,) = found["scheduler/servicemonitor.yaml"]["spec"]["endpoints"]
    (let_in,) = found["base/networkpolicy.yaml"]["spec"]["ingress"]
    assert container["ports"] == [{"name": port["targetPort"], "containerPort": port["port"]}]
    assert {"name": "M365_RESTRICT_HEALTH__PORT", "value": str(port["port"])} in container["env"]
    assert (endpoint["port"], endpoint["path"]) == (port["name"], "/metrics")
    assert let_in["ports"] == [{"protocol": "TCP", "port": port["port"]}]


def test_no_secret_is_written_down(deploy: Path) -> None:
    assert not [path for path, one in manifests(deploy) if one["kind"] == "Secret"]


def test_no_secret_is_an_environment_variable(deploy: Path) -> None:
    """Every program that is started would inherit it."""
    for path, pod in pods(deploy):
        (container,) = pod["containers"]
        told = [*container.get("env", ()), *container.get("envFrom", ())]
        assert not [one for one in told if "secret" in str(one.keys()).lower() or "valueFrom" in one], path
        files = [one for one in pod["volumes"] if "secret" in one]
        assert files, path
        assert all(one["secret"]["defaultMode"] == 0o440 for one in files), path


def test_a_council_reads_its_secrets_from_the_file_that_is_mounted(deploy: Path) -> None:
    for path, pod in pods(deploy):
        if path.startswith("many-councils"):
            continue
        (container,) = pod["containers"]
        (named,) = [one["value"] for one in container["env"] if one["name"] == "M365_RESTRICT_ENV_FILE"]
        mounted = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
        (volume,) = [one for one in pod["volumes"] if one["name"] == mounted[str(Path(named).parent)]]
        assert volume["secret"]["secretName"] == "m365-restrict", path
        for page in (deploy / "kubernetes/README.md", deploy.parent / "docs/install/kubernetes.md"):
            assert f"--from-file={Path(named).name}" in page.read_text(encoding="utf-8")


def test_each_pod_has_a_token_that_entra_takes_and_the_cluster_replaces(deploy: Path) -> None:
    for path, pod in pods(deploy):
        (container,) = pod["containers"]
        (named,) = [one["value"] for one in container["env"] if one["name"] == TOKEN_FILE_VARIABLE]
        mounted = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
        (volume,) = [one for one in pod["volumes"] if one["name"] == mounted[str(Path(named).parent)]]
        (source,) = [one["serviceAccountToken"] for one in volume["projected"]["sources"]]
        assert (source["audience"], source["path"]) == (AUDIENCE, Path(named).name), path
        assert source["expirationSeconds"] >= 600, path


def test_a_council_signs_in_with_that_token(deploy: Path) -> None:
    told = dict(manifests(deploy))["council/settings.yaml"]["data"]
    for role in ("READER", "WRITER"):
        assert told[f"M365_RESTRICT_AUTH__{role}__WORKLOAD_IDENTITY"] == "true"
    assert not [one for one in told if one.endswith("__MANAGED_IDENTITY")]


def test_pods_and_account_are_marked_for_workload_identity(deploy: Path) -> None:
    found = dict(manifests(deploy))
    assert "azure.workload.identity/client-id" in found["base/serviceaccount.yaml"]["metadata"]["annotations"]
    templates = [
        one["spec"]["template"]
        if one["kind"] == "Deployment"
        else one["spec"]["jobTemplate"]["spec"]["template"]
        for one in found.values()
        if one["kind"] in {"Deployment", "CronJob"}
    ]
    assert templates
    assert all(one["metadata"]["labels"]["azure.workload.identity/use"] == "true" for one in templates)
