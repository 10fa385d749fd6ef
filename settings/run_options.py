"""From settings to what the main path takes."""

from m365_restrict.errors import ConfigurationError
from m365_restrict.options import ListPlaces, NotifyOptions, PeopleOptions, RunOptions
from m365_restrict.plan.guards import GuardSettings
from m365_restrict.plan.place import Place
from m365_restrict.register.case import Stage
from m365_restrict.rules.compilation import CompileOptions
from settings.choices import EnforceWith
from settings.known_senders import known_senders
from settings.model import Settings
from settings.profiles import load_profile


def list_places(settings: Settings) -> ListPlaces:
    """Where the three lists are."""
    return ListPlaces(
        register_site=settings.lists.site,
        register=settings.lists.contacts,
        reviews=settings.lists.reviews,
        choices_site=settings.choices_site,
        choices=settings.lists.choices,
    )


def run_options(settings: Settings) -> RunOptions:
    """All options of a run. ConfigurationError where the policy profile cannot be used."""
    policy, lists, rules = settings.policy, settings.lists, settings.rules
    _refuse_what_is_not_built(settings)
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
        compile=CompileOptions(
            instance_id=settings.ownership.instance_id,
            mode=rules.mode,
            zone=lists.zone,
            sender_match=rules.sender_match,
            sender_location=rules.sender_location,
            pattern_anchors=rules.pattern_anchors,
            default_route_text=profile.route_text or CompileOptions.default_route_text,
        ),
        guards=GuardSettings(
            max_removals=settings.safety.max_removals,
            max_removals_percent=settings.safety.max_removals_percent,
        ),
        place=Place(rules.place.value),
        zone=lists.zone,
        notify=NotifyOptions(
            sender=settings.notify.sender,
            monitoring_officer=settings.notify.monitoring_officer,
            site_url=settings.notify.site_url,
            library=settings.notify.library,
        ),
        letters=settings.letters.options(),
    )


def _refuse_what_is_not_built(settings: Settings) -> None:
    """A setting that would do nothing is refused: nobody may believe that it acts."""
    if settings.enforce_with is not EnforceWith.MAIL_FLOW:
        raise ConfigurationError(
            f"M365_RESTRICT_ENFORCE_WITH={settings.enforce_with.value} is not available in this version.",
            advice="Use M365_RESTRICT_ENFORCE_WITH=mail_flow, or leave it out.",
        )
    if settings.choices.create_folder:
        raise ConfigurationError(
            "M365_RESTRICT_CHOICES__CREATE_FOLDER=true is not available in this version.",
            advice="Leave it out: a choice whose folder does not exist is refused, and its holder is told.",
        )
