#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Installs m365-restrict on a Windows server, or upgrades it. Needs no make and no compiler.

.DESCRIPTION
Finds Python 3.11 or later, makes a virtual environment below the program folder, installs every package by its
hash, writes a settings file to fill in, protects settings, certificates and the ledger for one account, and
registers the scheduler as one task that starts with the computer.

Run it again to upgrade: the new program takes the old one's place only when it is whole, settings and the ledger
are kept, and the program before it stays in the folder `previous`.

Nothing is started until the settings file names the register's site.

.PARAMETER Account
The account that runs the jobs. Best is a group managed service account, such as COUNCIL\m365-restrict$, which has
no password that anybody knows. Without one: LOCAL SERVICE, which other services of this computer share.

.PARAMETER ReaderCertificate
PFX or PEM file with the reader's certificate and private key. It is copied and protected. The program signs in
with a file; it cannot use a key that stays in the certificate store.

.PARAMETER WriterCertificate
The same for the writer. Both or neither.

.PARAMETER With
Scheduler: one task that lives and keeps the timetable in the council's own time zone. Tasks: a task for each job,
by this computer's local time, for those who want to see each job in Task Scheduler. Default: as it is now, else
Scheduler.

.PARAMETER Python
The python.exe to use. Default: the newest one that was installed for all users.

.PARAMETER Wheels
A folder of packages, for servers that cannot reach PyPI (pip download --require-hashes -r requirements.txt).

.PARAMETER ProgramFolder
Where the program goes. Default: C:\Program Files\m365-restrict.

.PARAMETER NoStart
Install everything, start nothing.

.EXAMPLE
.\install.ps1 -Account 'COUNCIL\m365-restrict$' -ReaderCertificate D:\reader.pfx -WriterCertificate D:\writer.pfx

.EXAMPLE
.\install.ps1 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string]$Account = 'NT AUTHORITY\LOCAL SERVICE',
    [string]$ReaderCertificate,
    [string]$WriterCertificate,
    [ValidateSet('', 'Scheduler', 'Tasks')]
    [string]$With = '',
    [string]$Python,
    [string]$Wheels,
    [string]$ProgramFolder = (Join-Path $env:ProgramFiles 'm365-restrict'),
    [switch]$NoStart
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$Source = (Resolve-Path (Join-Path $PSScriptRoot '..\..')).Path
$DataFolder = Join-Path $env:ProgramData 'm365-restrict'
$SettingsFile = Join-Path $DataFolder 'settings.env'
$TaskPath = '\m365-restrict\'
$Jobs = @('enforce', 'preferences', 'drift', 'reviews', 'evidence', 'retention')

function Find-Python {
    # A Python from the Microsoft Store belongs to one person; a service account cannot start it.
    $candidates = @()
    if ($Python) {
        $candidates += $Python
    }
    else {
        foreach ($minor in 14, 13, 12, 11) {
            $candidates += Join-Path $env:ProgramFiles "Python3$minor\python.exe"
        }
        $candidates += @(Get-Command -Name 'python.exe' -All -ErrorAction SilentlyContinue |
                ForEach-Object { $_.Source } |
                Where-Object { $_ -notlike '*\WindowsApps\*' -and $_ -notlike "$env:USERPROFILE\*" })
    }
    foreach ($candidate in $candidates) {
        if (Test-Path -LiteralPath $candidate) {
            & $candidate -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))'
            if ($LASTEXITCODE -eq 0) {
                return $candidate
            }
        }
    }
    throw ('No Python 3.11 or later was found that every account can start. Install the 64-bit one from ' +
        'https://www.python.org/downloads/windows/ with "Install Python for all users", then run this again. ' +
        'Or name one: -Python C:\Python312\python.exe')
}

function Invoke-Checked {
    param([string]$Program, [string[]]$Arguments)
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) {
        throw "$Program ended with exit code ${LASTEXITCODE}: nothing was changed. Its own message is above."
    }
}

function Install-Program {
    $chosen = Find-Python
    $new = Join-Path $ProgramFolder ('releases\' + (Get-Date -Format 'yyyyMMddTHHmmss'))
    Write-Host "Installing with $chosen into $new"
    if (-not $PSCmdlet.ShouldProcess($new, 'install the program')) {
        return $null
    }
    # Below Program Files nobody else could write; elsewhere, as on another disk, everybody may unless this is said,
    # and what lies here is run with the certificates and by administrators.
    Protect-Folder -Folder $ProgramFolder -Rights 'RX'
    $null = New-Item -ItemType Directory -Force -Path $new
    try {
        Invoke-Checked $chosen @('-m', 'venv', $new)
        $venv = Join-Path $new 'Scripts\python.exe'
        $pip = @('-m', 'pip', '--disable-pip-version-check', '--quiet', 'install')
        # Every package is the very file whose hash was reviewed; nothing else is fetched.
        $offline = @()
        if ($Wheels) {
            $offline = @('--no-index', '--find-links', $Wheels)
        }
        $requirements = Join-Path $Source 'requirements.txt'
        Invoke-Checked $venv ($pip + @('--require-hashes') + $offline + @('--requirement', $requirements))
        Invoke-Checked $venv ($pip + @('--no-deps', '--no-build-isolation', '--no-index', $Source))
        Invoke-Checked $venv @('-m', 'm365_restrict', '--version')
    }
    catch {
        Remove-Item -LiteralPath $new -Recurse -Force -ErrorAction SilentlyContinue
        throw
    }
    return $new
}

function Stop-Jobs {
    # A job that is ended in mid-run is taken up again by the next one.
    Get-ScheduledTask -TaskPath $TaskPath -ErrorAction SilentlyContinue | Stop-ScheduledTask
}

function Switch-Program {
    param([string]$New)
    $current = Join-Path $ProgramFolder 'current'
    $previous = Join-Path $ProgramFolder 'previous'
    $before = $null
    if (Test-Path -LiteralPath $current) {
        $before = @((Get-Item -LiteralPath $current).Target)[0]
        # Of a junction the link alone; what it leads to stays.
        [IO.Directory]::Delete($current)
    }
    $null = New-Item -ItemType Junction -Path $current -Target $New
    if ($before) {
        if (Test-Path -LiteralPath $previous) {
            [IO.Directory]::Delete($previous)
        }
        $null = New-Item -ItemType Junction -Path $previous -Target $before
    }
    Get-ChildItem -LiteralPath (Join-Path $ProgramFolder 'releases') -Directory |
        Where-Object { $_.FullName -ne $New -and $_.FullName -ne $before } |
        Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
    foreach ($name in 'run.cmd', 'm365-restrict.cmd', 'uninstall.ps1') {
        Copy-Item -LiteralPath (Join-Path $PSScriptRoot $name) -Destination $ProgramFolder -Force
    }
}

function Protect-Folder {
    param([string]$Folder, [string]$Rights)
    $null = New-Item -ItemType Directory -Force -Path $Folder
    # SYSTEM and the administrators by their SIDs, which are the same in every language. Nobody else inherits.
    $grants = @('*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', "${Account}:(OI)(CI)$Rights")
    Invoke-Checked 'icacls.exe' (@($Folder, '/inheritance:r', '/q', '/grant:r') + $grants)
}

function Install-Settings {
    $certificates = Join-Path $DataFolder 'certificates'
    Protect-Folder -Folder $DataFolder -Rights 'RX'
    Protect-Folder -Folder $certificates -Rights 'RX'
    Protect-Folder -Folder (Join-Path $DataFolder 'ledger') -Rights 'M'
    Protect-Folder -Folder (Join-Path $DataFolder 'logs') -Rights 'M'
    $lines = @()
    if (-not (Test-Path -LiteralPath $SettingsFile)) {
        $lines += Get-Content -LiteralPath (Join-Path $PSScriptRoot '..\settings.env.example')
        $lines += @(
            ''
            '# Where it remembers what it did; PostgreSQL where two servers share the work (docs/ledger.md).'
            'M365_RESTRICT_LEDGER__URL=sqlite:///' + (Join-Path $DataFolder 'ledger\ledger.db').Replace('\', '/')
            'M365_RESTRICT_LOG__FORMAT=text'
        )
    }
    if ($ReaderCertificate) {
        $given = @{ READER = $ReaderCertificate; WRITER = $WriterCertificate }
        foreach ($role in 'READER', 'WRITER') {
            $kept = Join-Path $certificates ($role.ToLowerInvariant() + [IO.Path]::GetExtension($given[$role]))
            Copy-Item -LiteralPath $given[$role] -Destination $kept -Force
            $line = "M365_RESTRICT_AUTH__${role}__CERTIFICATE_PATH=$kept"
            $known = (Test-Path -LiteralPath $SettingsFile) -and
                (Select-String -LiteralPath $SettingsFile -SimpleMatch $line -Quiet)
            if (-not $known) {
                $lines += $line
            }
        }
    }
    if ($lines) {
        # Without a mark at the beginning and with no other than ASCII, every version of PowerShell writes the same.
        $text = ($lines -join "`r`n") + "`r`n"
        [IO.File]::AppendAllText($SettingsFile, $text, [Text.UTF8Encoding]::new($false))
    }
}

function Register-Jobs {
    Get-ScheduledTask -TaskPath $TaskPath -ErrorAction SilentlyContinue | Unregister-ScheduledTask -Confirm:$false
    $names = $Jobs
    if ($With -eq 'Scheduler') {
        $names = @('schedule')
    }
    foreach ($name in $names) {
        $xml = Get-Content -LiteralPath (Join-Path $PSScriptRoot "tasks\$name.xml") -Raw -Encoding Unicode
        $xml = $xml.Replace('C:\Program Files\m365-restrict', $ProgramFolder)
        $xml = $xml.Replace('C:\ProgramData\m365-restrict', $DataFolder)
        $null = Register-ScheduledTask -TaskPath $TaskPath -TaskName $name -Xml $xml -Force
        if ($Account -ne 'NT AUTHORITY\LOCAL SERVICE') {
            # Password, for an account that manages its own: Windows asks the domain for it.
            $principal = New-ScheduledTaskPrincipal -UserId $Account -LogonType Password -RunLevel Limited
            $null = Set-ScheduledTask -TaskPath $TaskPath -TaskName $name -Principal $principal
        }
    }
}

function Start-Jobs {
    $ready = Select-String -LiteralPath $SettingsFile -Pattern '^M365_RESTRICT_REGISTER__SITE=.' -Quiet
    if ($NoStart -or -not $ready) {
        Get-ScheduledTask -TaskPath $TaskPath | Disable-ScheduledTask | Out-Null
        Write-Host "Nothing was started. Fill in $SettingsFile, then run this again."
    }
    elseif ($With -eq 'Scheduler') {
        Start-ScheduledTask -TaskPath $TaskPath -TaskName 'schedule'
    }
}

if (-not $With) {
    $registered = Get-ScheduledTask -TaskPath $TaskPath -TaskName $Jobs[0] -ErrorAction SilentlyContinue
    $With = if ($registered) { 'Tasks' } else { 'Scheduler' }
}
if ([bool]$ReaderCertificate -ne [bool]$WriterCertificate) {
    throw '-ReaderCertificate and -WriterCertificate go together.'
}
if ($Account -eq 'NT AUTHORITY\LOCAL SERVICE') {
    Write-Warning 'LOCAL SERVICE is shared with other services, which can then read the certificates. Better: a group managed service account (-Account).'
}
$release = Install-Program
if ($PSCmdlet.ShouldProcess($DataFolder, 'switch the program, protect the folders, register the tasks')) {
    Stop-Jobs
    Switch-Program -New $release
    Install-Settings
    Register-Jobs
    Start-Jobs
    Write-Host "Settings: $SettingsFile    Log: $DataFolder\logs    By hand: `"$ProgramFolder\m365-restrict.cmd`" VERB"
    Write-Host 'What to do next is in deploy\README.md.'
}
