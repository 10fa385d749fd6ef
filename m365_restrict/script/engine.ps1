# The words after which values follow are the same in every script of this version; what differs from
# plan to plan stands in $changes and $undo alone, and both hold literal values and no commands.

Set-StrictMode -Version 2.0
$notMade = 0
$invariant = [cultureinfo]::InvariantCulture
$newLine = [string][char]10

# Not compared: moved by other rules, set by the admin center by itself, or not to be set at all.
$ignored = @('Identity', 'Priority', 'SetAuditSeverity', 'DlpPolicy', 'RuleSubType', 'UseLegacyRegex')
# A property with this value is the same as one that is not set.
$defaults = @{
    'SenderAddressLocation'            = 'Header'
    'RecipientAddressType'             = 'Resolved'
    'RuleErrorAction'                  = 'Ignore'
    'Mode'                             = 'Enforce'
    'RejectMessageEnhancedStatusCode'  = '5.7.1'
}
$words = @('Mode', 'State', 'SenderAddressLocation', 'RecipientAddressType', 'RuleErrorAction')
$instants = @('ActivationDate', 'ExpiryDate')

function Assert-Unchanged {
    # The file must be the one that was signed off: the header holds the SHA-256 of all between the marks.
    if (-not $PSCommandPath) {
        throw 'Run this as a file, so that it can check itself: .\name-of-the-file.ps1 -Check'
    }
    $ordinal = [StringComparison]::Ordinal
    $text = [IO.File]::ReadAllText($PSCommandPath, [Text.Encoding]::UTF8).Replace("`r`n", "`n")
    $start = $text.IndexOf($newLine + '# ==== Body ====' + $newLine, $ordinal)
    $end = $text.LastIndexOf($newLine + '# ==== End ====', $ordinal)
    if ($start -lt 0 -or $end -lt $start) {
        throw 'This file is not whole. Take it again from where m365-restrict wrote it.'
    }
    # Nothing but comments may follow, such as the block of a signature.
    $after = @($text.Substring($end).Split([char]10) | Where-Object { $_.Trim() -ne '' -and -not $_.StartsWith('#') })
    $bytes = [Text.Encoding]::UTF8.GetBytes($text.Substring($start, $end - $start))
    $hash = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($bytes))
    $said = $newLine + '# Body SHA-256: ' + $hash.Replace('-', '').ToLowerInvariant() + $newLine
    if ($after.Count -gt 0 -or $text.IndexOf($said, $ordinal) -lt 0) {
        throw 'This file was changed after it was written. Nothing was changed in Exchange.'
    }
}

function Assert-Connected {
    foreach ($verb in @('Get', 'New', 'Set', 'Enable', 'Disable', 'Remove')) {
        $name = $verb + '-TransportRule'
        if (-not (Get-Command $name -ErrorAction SilentlyContinue)) {
            throw "$name is not there. Run Connect-ExchangeOnline first, with the role 'Transport Rules'."
        }
    }
}

function Get-AllRule {
    # Everything is listed, because Get-TransportRule answers an unknown identity with all rules.
    $rules = @(Get-TransportRule -ResultSize Unlimited -ErrorAction Stop | Sort-Object -Property Priority)
    if ($rules.Count -eq 0 -and $line.Count -gt 0) {
        throw 'Exchange listed no transport rule at all. Nothing is concluded from that.'
    }
    return $rules
}

function Get-RuleByGuid([string]$Guid) {
    return Get-AllRule | Where-Object { [string]$_.Guid -eq $Guid } | Select-Object -First 1
}

function Find-Rule($Change) {
    if ($Change.Guid -ne '') {
        return Get-RuleByGuid $Change.Guid
    }
    # A name that another change of this script gives up is free by the time it is needed.
    $others = @($list | ForEach-Object { $_.Guid })
    return Get-AllRule |
        Where-Object { [string]$_.Name -eq $Change.Name -and $others -notcontains [string]$_.Guid } |
        Select-Object -First 1
}

function Get-Plain([string]$Name, $Value) {
    # One text for a value, however Exchange spells it; '' where it is not set.
    if ($null -eq $Value) { return '' }
    if ($Value -is [bool]) {
        if ($Value) { return 'True' } else { return '' }
    }
    if ($instants -contains $Name) {
        if ($Value -isnot [datetime]) {
            $Value = [datetime]::Parse([string]$Value, $invariant, 'AssumeUniversal, AdjustToUniversal')
        }
        if ($Value.Kind -eq 'Unspecified') { $Value = [datetime]::SpecifyKind($Value, 'Utc') }
        return $Value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", $invariant)
    }
    if ($Value -is [System.Collections.IEnumerable] -and $Value -isnot [string]) {
        $texts = @($Value | ForEach-Object { ([string]$_).Trim() } | Where-Object { $_ -ne '' })
        if ($Name -notmatch '(Words|Patterns)$') {
            $texts = @($texts | ForEach-Object { $_.ToLowerInvariant() })
        }
        return [string]::Join("`n", @($texts | Sort-Object -Unique -CaseSensitive))
    }
    $text = ([string]$Value).Replace("`r`n", "`n").Replace([string][char]160, ' ')
    $text = $text.Replace([string][char]8216, "'").Replace([string][char]8217, "'")
    $text = $text.Replace([string][char]8220, '"').Replace([string][char]8221, '"')
    if ($Name -eq 'Comments') { $text = $text.Trim() }
    if ($defaults.ContainsKey($Name) -and $defaults[$Name] -eq $text) { return '' }
    return $text
}

function Get-Difference($Rule, $Expected) {
    # The names of the properties in which a rule is not as expected. What nobody expects must not be set.
    $settable = @((Get-Command Set-TransportRule).Parameters.Keys | Where-Object { $ignored -notcontains $_ })
    foreach ($name in @(@($Expected.Keys) + $settable | Sort-Object -Unique)) {
        $property = $Rule.PSObject.Properties[$name]
        $found = $null
        if ($null -ne $property) { $found = $property.Value }
        $wanted = $null
        if ($Expected.ContainsKey($name)) { $wanted = $Expected[$name] }
        $how = [StringComparison]::Ordinal
        if ($words -contains $name) { $how = [StringComparison]::OrdinalIgnoreCase }
        if (-not [string]::Equals((Get-Plain $name $found), (Get-Plain $name $wanted), $how)) {
            $name
        }
    }
}

function Test-Same($Rule, $Expected, [string]$State) {
    $table = $Expected.Clone()
    if ($State -ne '') { $table['State'] = $State }
    return (@(Get-Difference $Rule $table).Count -eq 0)
}

function Get-Progress($Change) {
    # 'to do', 'half done', 'done', or 'moved' where the rule is no longer what the plan saw.
    $rule = Find-Rule $Change
    if ($Change.Action -eq 'create') {
        if ($null -eq $rule) { return 'to do' }
        if (Test-Same $rule $Change.After '') { return 'done' }
        if (Test-Same $rule $Change.After 'Disabled') { return 'half done' }
        return 'moved'
    }
    if ($null -eq $rule) {
        if ($Change.Action -eq 'delete') { return 'done' }
        return 'moved'
    }
    if (Test-Same $rule $Change.Before '') { return 'to do' }
    if ($Change.Action -eq 'delete') { return 'moved' }
    if (Test-Same $rule $Change.After '') { return 'done' }
    if (Test-Same $rule $Change.After 'Disabled') { return 'half done' }
    return 'moved'
}

function Assert-SameLine {
    # New and moved rules have a place in the list, which means something only if the list is as it was.
    $placed = @($list | Where-Object { $null -ne $_.Priority })
    if ($Rollback -or $placed.Count -eq 0) { return }
    $gone = @($placed | ForEach-Object { $_.Guid })
    $gone += @($list | Where-Object { $_.Action -eq 'delete' } | ForEach-Object { $_.Guid })
    $new = @($list | Where-Object { $_.Action -eq 'create' } | ForEach-Object { $_.Name })
    $before = @($line | Where-Object { $gone -notcontains $_ })
    $rules = @(Get-AllRule | Where-Object { $line -contains [string]$_.Guid -or $new -notcontains [string]$_.Name })
    $now = @($rules | ForEach-Object { [string]$_.Guid } | Where-Object { $gone -notcontains $_ })
    if ([string]::Join(' ', $before) -ne [string]::Join(' ', $now)) {
        throw 'Transport rules were added, removed or moved since the plan. Nothing was changed. Run apply again.'
    }
}

function Get-Parameters($Change) {
    $send = $Change.Send.Clone()
    if ($null -ne $Change.Priority) {
        # A rule that could not be made leaves the places after it one higher.
        $last = @(Get-AllRule).Count
        if ($Change.Action -ne 'create') { $last = $last - 1 }
        $send['Priority'] = [Math]::Max(0, [Math]::Min($last, $Change.Priority - $script:notMade))
    }
    return $send
}

function Confirm-AsSeen($Change) {
    if ((Get-Progress $Change) -ne 'to do') {
        throw "The rule '$($Change.Name)' is no longer what the plan saw. It was left as it is."
    }
}

function Confirm-AsSent($Change, [string]$Guid, [string]$State, [string]$Otherwise) {
    # Read the rule back. One that holds no sender acts on all mail, so it is stopped at once.
    $expected = $Change.After.Clone()
    if ($State -ne '') { $expected['State'] = $State } else { $null = $expected.Remove('State') }
    foreach ($attempt in @(1, 2, 3, 4)) {
        $rule = Get-RuleByGuid $Guid
        $names = @('everything: it is not among the rules')
        if ($null -ne $rule) {
            if ($State -eq '') { $expected['State'] = [string]$rule.State }
            $names = @(Get-Difference $rule $expected)
            if ($names.Count -eq 0) { return }
            $senders = (Get-Plain 'From' $rule.From) + (Get-Plain 'FromAddressMatchesPatterns' $rule.FromAddressMatchesPatterns)
            if ($senders -eq '') { break }
        }
        # A read soon after a write may still show what was there before.
        if ($attempt -lt 4) { Start-Sleep -Seconds 5 }
    }
    $what = "'$($Change.Name)' did not come back as it was sent, in " + [string]::Join(', ', $names)
    if ($null -eq $rule -or @($names | Where-Object { @('Name', 'Comments') -notcontains $_ }).Count -eq 0) {
        throw "$what; it was left as it is."
    }
    if ($Otherwise -eq 'Remove') {
        Remove-TransportRule -Identity $Guid -Confirm:$false -ErrorAction Stop
        throw "$what; it was removed again and never enabled."
    }
    Disable-TransportRule -Identity $Guid -Confirm:$false -ErrorAction Stop
    throw "$what; it was disabled at once."
}

function Confirm-Gone($Change, [string]$Guid) {
    if ($null -ne (Get-RuleByGuid $Guid)) {
        throw "Exchange still lists '$($Change.Name)' after it was removed."
    }
}

function Invoke-Create($Change) {
    # Made disabled, read back, and enabled only if all that was sent came back.
    $send = Get-Parameters $Change
    $made = New-TransportRule @send -Enabled $false -ErrorAction Stop
    Confirm-AsSent -Change $Change -Guid $made.Guid -State 'Disabled' -Otherwise 'Remove'
    Invoke-SwitchOn -Change $Change -Guid $made.Guid
}

function Invoke-Update($Change) {
    # The same rule, with its whole sender condition every time.
    Confirm-AsSeen -Change $Change
    $send = Get-Parameters $Change
    Set-TransportRule -Identity $Change.Guid @send -Confirm:$false -ErrorAction Stop
    Confirm-AsSent -Change $Change -Guid $Change.Guid -State '' -Otherwise 'Disable'
    Invoke-SwitchOn -Change $Change -Guid $Change.Guid
}

function Invoke-SwitchOn($Change, [string]$Guid) {
    if ($Change.After.State -eq 'Enabled') {
        Enable-TransportRule -Identity $Guid -Mode $Change.After.Mode -ErrorAction Stop
    } else {
        Disable-TransportRule -Identity $Guid -Confirm:$false -ErrorAction Stop
    }
    Confirm-AsSent -Change $Change -Guid $Guid -State $Change.After.State -Otherwise 'Disable'
}

function Invoke-Delete($Change) {
    # Compared once more before it goes.
    Confirm-AsSeen -Change $Change
    $found = Find-Rule -Change $Change
    Remove-TransportRule -Identity $found.Guid -Confirm:$false -ErrorAction Stop
    Confirm-Gone -Change $Change -Guid $found.Guid
}

function Invoke-Rest($Change) {
    # Written in an earlier attempt and not enabled since.
    $found = Find-Rule -Change $Change
    Invoke-SwitchOn -Change $Change -Guid $found.Guid
}

function Invoke-Change($Change, [string]$Progress) {
    if ($Progress -eq 'half done') { Invoke-Rest $Change; return }
    switch ($Change.Action) {
        'create' { Invoke-Create $Change }
        'update' { Invoke-Update $Change }
        'delete' { Invoke-Delete $Change }
    }
}

function Invoke-All {
    Assert-Unchanged
    Assert-Connected
    $progress = @{}
    foreach ($change in $list) {
        $progress[$change.Number] = Get-Progress $change
        Write-Host ("{0}. {1} '{2}': {3}" -f $change.Number, $change.Action, $change.Name, $progress[$change.Number])
    }
    foreach ($reason in $cannot) { Write-Warning $reason }
    $left = @($list | Where-Object { $progress[$_.Number] -ne 'done' })
    if (@($left | Where-Object { $progress[$_.Number] -eq 'moved' }).Count -gt 0) {
        throw 'Rules marked as moved are no longer what the plan saw. Nothing was changed. Run apply again for a new script.'
    }
    if ($left.Count -eq 0) { Write-Host 'Nothing is left to do.'; return }
    Assert-SameLine
    if ($Check) { Write-Host 'Checked. Nothing was changed.'; return }
    $failed = 0
    foreach ($change in $left) {
        try {
            Invoke-Change $change $progress[$change.Number]
            Write-Host ("{0}. done: {1} '{2}'" -f $change.Number, $change.Action, $change.Name)
        } catch {
            $failed = $failed + 1
            if ($change.Action -eq 'create') { $script:notMade = $script:notMade + 1 }
            Write-Warning ("{0}. failed: {1}" -f $change.Number, $_.Exception.Message)
        }
    }
    if ($failed -gt 0) { throw "$failed of $($left.Count) changes failed; the others were made. Run m365-restrict drift." }
    Write-Host 'Written and read back; Exchange may take 30 minutes or more to act. Now run m365-restrict drift, which proves it.'
}

$list = $changes
$cannot = @()
if ($Rollback) {
    $list = $undo
    $cannot = $notUndone
}
Invoke-All
