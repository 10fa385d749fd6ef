"""From settings to what the main path takes."""

from m365_restrict.errors import ConfigurationError
from m365_restrict.options import ListPlaces, PeopleOptions, RunOptions
from m365_restrict.plan.guards import GuardSettings
from m365_restrict.plan.place import Place
from m365_restrict.register.case import Stage
from m365_restrict.rules.compilation import CompileOptions
from settings.choices import EnforceWith
from settings.model import Settings
from settings.profiles import load_profile


def run_options(settings: Settings) -> RunOptions:
    """All options of a run. ConfigurationError where the policy profile cannot be used."""
    policy, lists, rules = settings.policy, settings.lists, settings.rules
    if settings.enforce_with is not EnforceWith.MAIL_FLOW:
        raise ConfigurationError(
            f"M365_RESTRICT_ENFORCE_WITH={settings.enforce_with.value} is not available in this version.",
            advice="Use M365_RESTRICT_ENFORCE_WITH=mail_flow, or leave it out.",
        )
    return RunOptions(
        lists=ListPlaces(
            register_site=lists.site,
            register=lists.contacts,
            reviews=lists.reviews,
            choices_site=settings.choices_site,
            choices=lists.choices,
        ),
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
        ),
        profile=load_profile(policy.profile),
        compile=CompileOptions(
            instance_id=settings.ownership.instance_id,
            mode=rules.mode,
            zone=lists.zone,
            sender_match=rules.sender_match,
            sender_location=rules.sender_location,
            pattern_anchors=rules.pattern_anchors,
        ),
        guards=GuardSettings(
            max_removals=settings.safety.max_removals,
            max_removals_percent=settings.safety.max_removals_percent,
        ),
        place=Place(rules.place.value),
        zone=lists.zone,
    )
