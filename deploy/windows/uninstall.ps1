#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Stops m365-restrict and takes it off this computer. Settings, certificates and the ledger are kept.

.DESCRIPTION
The rules in Exchange stay as they are; `m365-restrict retire` is what takes them away, so run that first.

.PARAMETER ProgramFolder
Where the program is. Default: C:\Program Files\m365-restrict.

.PARAMETER Purge
Also removes settings, certificates, logs and the ledger. The ledger is evidence: export it first.

.EXAMPLE
.\uninstall.ps1 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    [string]$ProgramFolder = (Join-Path $env:ProgramFiles 'm365-restrict'),
    [switch]$Purge
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$DataFolder = Join-Path $env:ProgramData 'm365-restrict'
$TaskPath = '\m365-restrict\'

if ($PSCmdlet.ShouldProcess($TaskPath, 'stop and remove the tasks')) {
    Get-ScheduledTask -TaskPath $TaskPath -ErrorAction SilentlyContinue | Stop-ScheduledTask
    Get-ScheduledTask -TaskPath $TaskPath -ErrorAction SilentlyContinue | Unregister-ScheduledTask -Confirm:$false
}
if ((Test-Path -LiteralPath $ProgramFolder) -and $PSCmdlet.ShouldProcess($ProgramFolder, 'remove the program')) {
    # The links first, so that what they lead to is removed once and from its own place.
    foreach ($link in 'current', 'previous') {
        $path = Join-Path $ProgramFolder $link
        if (Test-Path -LiteralPath $path) {
            [IO.Directory]::Delete($path)
        }
    }
    Remove-Item -LiteralPath $ProgramFolder -Recurse -Force
}
if (-not $Purge) {
    Write-Host "Kept: $DataFolder (settings, certificates, logs, the ledger). -Purge removes them too."
}
elseif ((Test-Path -LiteralPath $DataFolder) -and
    $PSCmdlet.ShouldProcess($DataFolder, 'remove settings, certificates, logs and the ledger, for good')) {
    Remove-Item -LiteralPath $DataFolder -Recurse -Force
}
