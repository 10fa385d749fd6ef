"""From settings to what the main path takes."""

from datetime import timedelta
from typing import assert_never

from m365_restrict.plan.guards import GuardSettings
from m365_restrict.plan.place import Place
from m365_restrict.register.case import Stage
from m365_restrict.rules.compilation import Carrier, CompileOptions
from m365_restrict.rules.tenant_profile import TenantProfile
from m365_restrict.steps.options import (
    AuditOptions,
    CanaryOptions,
    ListPlaces,
    NotifyOptions,
    PeopleOptions,
    RunOptions,
    ScriptOptions,
    SecondViewOptions,
)
from settings.choices import EnforceWith
from settings.known_senders import known_senders
from settings.model import PREFIX, Settings
from settings.profiles import load_profile
from settings.rule_tests import configured_rule_tests
from settings.shaping import shaping_settings


def list_places(settings: Settings) -> ListPlaces:
    """Where the three lists are."""
    return ListPlaces(
        register_site=settings.lists.site,
        register=settings.lists.contacts,
        reviews=settings.lists.reviews,
        choices_site=settings.choices_site,
        choices=settings.lists.choices,
    )


def run_options(settings: Settings, tenant: TenantProfile | None = None) -> RunOptions:
    """All options of a run. ConfigurationError where the policy profile cannot be used.

    `tenant` is what was found out about the tenant: it counts where no setting says otherwise.
    """
    policy, lists, rules = settings.policy, settings.lists, settings.rules
    profile = load_profile(policy.profile)
    return RunOptions(
        lists=list_places(settings),
        people=PeopleOptions(
            approvers={
                Stage.NONE: policy.approvers,
                Stage.ONE: policy.approvers_stage_1 or policy.approvers,
                Stage.TWO: policy.approvers_stage_2 or policy.approvers,
            },
            councillors_group=policy.councillors_group,
            protected_mailboxes=policy.protected_mailboxes,
            council_domains=policy.council_domains,
            flow_identities=policy.flow_identities,
            term_ends_on=policy.term_ends_on,
            known_senders=known_senders(policy.never_restrict),
            pre_election=policy.pre_election,
        ),
        profile=profile,
        compile=_compile_options(settings, profile.route_text, tenant or TenantProfile()),
        guards=GuardSettings(
            max_removals=settings.safety.max_removals,
            max_removals_percent=settings.safety.max_removals_percent,
            windows=settings.safety.change_windows,
            zone=lists.zone,
        ),
        place=Place(rules.place.value),
        zone=lists.zone,
        settle=timedelta(minutes=rules.settle_minutes),
        notify=NotifyOptions(
            sender=settings.notify.sender,
            monitoring_officer=settings.notify.monitoring_officer,
            site_url=settings.notify.site_url,
            library=settings.notify.library,
        ),
        letters=settings.letters.options(),
        assess_mailboxes=settings.assess.mailboxes,
        rule_tests=configured_rule_tests(settings.tests.files),
        script=_script_options(settings),
        create_folders=settings.choices.create_folder,
        folders_remembered=timedelta(hours=rules.folders_remembered_hours),
        canary=CanaryOptions(address=settings.canary.address, mailboxes=settings.canary.mailboxes),
        audit=AuditOptions(
            approvals=settings.audit.approvals,
            changes=settings.audit.changes,
            reach=timedelta(days=settings.audit.reach_days),
        ),
        second_view=SecondViewOptions(
            use=settings.second_view.use,
            every=timedelta(hours=settings.second_view.every_hours),
        ),
        trace=settings.trace.options(),
        unread_days=settings.contacts.unread_days,
        report=settings.reports.options(_applications(settings)),
        tenant_id=settings.auth.tenant_id,
        shaping=shaping_settings(settings),
    )


def _applications(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The client ids that runs sign in with, by role; a managed identity may have none."""
    auth, writes = settings.auth, settings.enforce_with is not EnforceWith.SCRIPT
    named = {"reader": auth.reader.client_id, **({"writer": auth.writer.client_id} if writes else {})}
    return tuple((role, client_id) for role, client_id in named.items() if client_id)


def _compile_options(settings: Settings, route_text: str, tenant: TenantProfile) -> CompileOptions:
    rules = settings.rules
    options = CompileOptions(
        instance_id=settings.ownership.instance_id,
        mode=rules.mode,
        zone=settings.lists.zone,
        sender_match=rules.sender_match,
        sender_location=rules.sender_location,
        pattern_anchors=rules.pattern_anchors,
        default_route_text=route_text or CompileOptions.default_route_text,
        carrier=_carrier(settings.enforce_with),
    )
    prefix = f"{PREFIX}RULES__"
    named = (name.removeprefix(prefix).lower() for name in settings.origins if name.startswith(prefix))
    return tenant.shape(options, set_by_hand=frozenset(named))


def _script_options(settings: Settings) -> ScriptOptions | None:
    if settings.enforce_with is not EnforceWith.SCRIPT:
        return None
    return ScriptOptions(
        folder=settings.script.folder, high_after=timedelta(days=settings.script.high_after_days)
    )


def _carrier(enforce_with: EnforceWith) -> Carrier:
    match enforce_with:
        case EnforceWith.INBOX_RULES:
            return Carrier.INBOX_RULES
        case EnforceWith.MAIL_FLOW | EnforceWith.SCRIPT:
            return Carrier.TRANSPORT_RULES
        case _ as never:
            assert_never(never)
