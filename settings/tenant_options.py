"""From settings to what the tenant layer takes. The tenant layer itself knows no settings."""

from m365_restrict.telling.delivery_options import DeliveryOptions
from m365_restrict.tenant.credentials import CredentialOptions
from m365_restrict.tenant.exchange import ExchangeOptions
from m365_restrict.tenant.graph import GraphOptions
from m365_restrict.tenant.lists import ListOptions
from m365_restrict.tenant.session import TenantOptions
from m365_restrict.tenant.setup import SetupOptions
from settings.auth import ApplicationSettings
from settings.choices import EnforceWith
from settings.model import Settings


def tenant_options(settings: Settings) -> TenantOptions:
    """Where the tenant is and who asks."""
    return TenantOptions(
        graph=_graph(settings),
        exchange=ExchangeOptions(
            base_url=settings.exchange.base_url,
            scope=settings.exchange.scope,
            tenant_id=settings.auth.tenant_id,
            deadline_seconds=settings.exchange.deadline_seconds,
            timeout_seconds=settings.exchange.timeout_seconds,
            enabled=settings.enforce_with is not EnforceWith.INBOX_RULES,
        ),
        lists=ListOptions(zone=settings.lists.zone, columns=settings.lists.columns),
        reader=_application(settings, "reader", settings.auth.reader),
        writer=_application(settings, "writer", settings.auth.writer),
        ca_file=settings.tls.ca_file,
        deadline_seconds=settings.safety.wait_minutes * 60.0,
        beside_seconds=settings.drift.wait_seconds,
    )


def delivery_options(settings: Settings) -> DeliveryOptions:
    """Who is sent reports, from which mailbox, and where they are filed."""
    notify = settings.notify
    return settings.delivery.options(sender=notify.sender, site=settings.lists.site, library=notify.library)


def setup_options(settings: Settings) -> SetupOptions:
    """Where Graph is and who makes lists."""
    return SetupOptions(
        graph=_graph(settings),
        setup=_application(settings, "setup", settings.auth.setup),
        ca_file=settings.tls.ca_file,
    )


def _graph(settings: Settings) -> GraphOptions:
    return GraphOptions(
        base_url=settings.graph.base_url,
        scope=settings.graph.scope,
        max_in_flight=settings.graph.max_in_flight,
        retries=settings.graph.retries,
        deadline_seconds=settings.graph.deadline_seconds,
        timeout_seconds=settings.graph.timeout_seconds,
    )


def _application(settings: Settings, role: str, application: ApplicationSettings) -> CredentialOptions:
    return CredentialOptions(
        role=role,
        tenant_id=settings.auth.tenant_id,
        client_id=application.client_id,
        authority=settings.auth.authority,
        ca_file=settings.tls.ca_file,
        certificate_path=application.certificate_path,
        certificate_password=application.certificate_password.get_secret_value(),
        workload_identity=application.workload_identity,
        token_file=application.token_file,
        trusted_identity=application.trusted_identity,
        client_secret=application.client_secret.get_secret_value(),
        managed_identity=application.managed_identity,
    )
