<#
.SYNOPSIS
    Takes back everything that Grant-WriterInExchange.ps1 gives, and has Exchange forget the application.

.DESCRIPTION
    Removes the writer's mailbox roles, their scopes, its role group and Exchange's record of the application:
    all by the names that the Grant- script gave them, and nothing else. Consents in Entra ID are taken back by
    Remove-WriterApplication.ps1.

    It may be run again: what is gone is passed over. -WhatIf shows what would be done.

.PARAMETER ApplicationId
    The client id, as in AUTH__WRITER__CLIENT_ID.

.EXAMPLE
    ./Revoke-WriterInExchange.ps1 -ApplicationId $client -WhatIf

    Shows what would be taken back.

.NOTES
    Needs the Exchange role group Organization Management and the module ExchangeOnlineManagement.
#>
#Requires -Version 7.2
#Requires -Modules ExchangeOnlineManagement
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)]
    [string]$ApplicationId
)

. (Join-Path -Path $PSScriptRoot -ChildPath 'Permissions.Functions.ps1')

$application = 'writer'
$rows = @(Get-PermissionTable -Application $application)
Connect-Exchange

Revoke-InExchange -Application $application -Rows $rows -ApplicationId $ApplicationId
