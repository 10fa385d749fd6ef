<#
.SYNOPSIS
    Gives the writer application of m365-restrict its roles in Exchange, for the mailboxes that need it alone.

.DESCRIPTION
    The writer gets a role group that holds Transport Rules and nothing else, and the roles to write inbox rules
    and send mail, each limited by a management scope (RBAC for Applications). Do not also consent to these
    permissions in Entra ID: grants add up, and a consent reaches every mailbox.

    It may be run again: what is there already is said and left, and a scope is set to the mailboxes that are
    given now. -WhatIf shows what would be done. Exchange takes 30 minutes to 2 hours to act on it.
    Undo: Revoke-WriterInExchange.ps1.

.PARAMETER ApplicationId
    The client id, as in AUTH__WRITER__CLIENT_ID.

.PARAMETER ObjectId
    The object id of the enterprise application (or of the managed identity), which New-WriterApplication.ps1
    prints. That of the registration is another one and does not work.

.PARAMETER CouncillorsGroup
    The group of POLICY__COUNCILLORS_GROUP. Only its direct members are in a scope.

.PARAMETER NamedMailbox
    The service mailboxes that cases name. Name all of them each time: the scope is set to these.

.PARAMETER Sender
    The mailbox of NOTIFY__SENDER, the only one that may be sent from. Needed for notify.

.PARAMETER For
    What the settings need beside what is always needed, as for New-WriterApplication.ps1.

.EXAMPLE
    ./Grant-WriterInExchange.ps1 -ApplicationId $client -ObjectId $object -CouncillorsGroup $group -WhatIf

    Shows what would be made and assigned.

.NOTES
    Needs the Exchange role group Organization Management and the module ExchangeOnlineManagement. Where Exchange
    answers that the organisation is dehydrated, run Enable-OrganizationCustomization once.
#>
#Requires -Version 7.2
#Requires -Modules ExchangeOnlineManagement
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)]
    [string]$ApplicationId,

    [Parameter(Mandatory)]
    [string]$ObjectId,

    [Parameter(Mandatory)]
    [string]$CouncillorsGroup,

    [string[]]$NamedMailbox = @(),

    [string]$Sender = '',

    [ValidateSet('mail_flow', 'notify', 'create_folders')]
    [string[]]$For = @('mail_flow')
)

. (Join-Path -Path $PSScriptRoot -ChildPath 'Permissions.Functions.ps1')

$application = 'writer'
$rows = Select-NeededRow -Rows (Get-PermissionTable -Application $application) -For $For -Optional @()
$mailboxes = @{
    'councillors' = $CouncillorsGroup
    'named_mailboxes' = @($NamedMailbox)
    'sender' = @($Sender)
}
Connect-Exchange

$known = New-ExchangePrincipal -ApplicationId $ApplicationId -ObjectId $ObjectId -DisplayName "$ourName writer"
if (-not $known) {
    $roles = @($rows | Where-Object { $_.ExchangeRole } | ForEach-Object { $_.ExchangeRole })
    Write-Output "Then: $($roles -join ', ')."
    return
}
Grant-InExchange -Application $application -Rows $rows -ExchangePrincipal $known -Mailboxes $mailboxes

Write-Output ''
Write-Output "Try one mailbox: Test-ServicePrincipalAuthorization -Identity $ApplicationId -Resource MAILBOX"
