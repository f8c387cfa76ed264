# Prepares a fresh clone on Windows, as scripts/setup.sh does on Linux: virtual environment, locked packages, deskguard
# itself, model weights. What is done already is not done again.
#
#   powershell -ExecutionPolicy Bypass -File scripts\setup.ps1 demo | desk | test
#
# ASCII only, and nothing newer than Windows PowerShell 5.1: that is what every Windows has.

$ErrorActionPreference = "Stop"
Set-Location (Split-Path -Parent $PSScriptRoot)
$purpose = "$($args[0])"
$python = ".venv\Scripts\python.exe"

function Say([string] $line) { Write-Host "setup: $line" }

function Stop-With([string] $problem, [string] $remedy) {
    Write-Host "setup: $problem"
    Write-Host "Fix: $remedy"
    exit 2
}

function Test-Python([string[]] $command) {
    $first = $command[0]
    $rest = @($command | Select-Object -Skip 1)
    if (-not (Get-Command $first -ErrorAction SilentlyContinue)) { return $false }
    & $first @rest -c "import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 14) and sys.maxsize > 2**32))"
    return $LASTEXITCODE -eq 0
}

function Find-Python {
    # The launcher first: `python` may be the stub that opens the Store.
    if (Get-Command "py" -ErrorAction SilentlyContinue) {
        $known = & py -0
        foreach ($version in "3.11", "3.12", "3.13", "3.14") {
            if (("$known" -match [regex]::Escape($version)) -and (Test-Python "py", "-$version")) {
                return "py", "-$version"
            }
        }
    }
    if (Test-Python "python") { return "python" }
    Stop-With "no 64-bit Python from 3.11 to 3.14 was found." "install one and run this again in a new window."
}

function Install-Packages([string[]] $options, [string] $remedy) {
    & $python -m pip --disable-pip-version-check --no-input install --quiet --require-virtualenv @options
    if ($LASTEXITCODE -ne 0) { Stop-With "pip could not install the packages; its reason stands above." $remedy }
}

function Get-Key([string] $lock) {
    $files = "requirements\build.txt", "requirements\$lock.txt", "pyproject.toml", "src\deskguard\__init__.py"
    $hashes = $files | ForEach-Object { (Get-FileHash -Algorithm SHA256 $_).Hash }
    return "$hashes $(& $python --version) $(Get-Location)"
}

function Test-Stamp([string] $lock) {
    $stamp = ".venv\stamps\$lock"
    if (-not (Test-Path $stamp)) { return $false }
    return "$(Get-Content $stamp -TotalCount 1)" -eq (Get-Key $lock)
}

if ($purpose -notin "demo", "desk", "test") {
    Stop-With "'$purpose' is not a purpose; known are demo, desk and test." "scripts\setup.ps1 demo"
}
$lock = if ($purpose -eq "test") { "dev" } else { "desk" }

if (-not ((Test-Path $python) -and (Test-Python $python))) {
    $base = @(Find-Python)
    $first = $base[0]
    $rest = @($base | Select-Object -Skip 1)
    Say "making the virtual environment .venv with $first $rest"
    & $first @rest -m venv --clear .venv
    if ($LASTEXITCODE -ne 0) { Stop-With "the virtual environment could not be made." "install Python again, with pip." }
}
if (-not ((Test-Stamp "dev") -or (Test-Stamp $lock))) {
    if (Test-Path ".venv\stamps") { Remove-Item -Recurse ".venv\stamps" }
    $online = "check the network and pip's settings ($python -m pip config list), then run this again."
    $strict = "--no-deps", "--require-hashes", "--only-binary", ":all:"
    Say "installing the Python packages of requirements\$lock.txt, each by its hash (some 150 MB, a few minutes)"
    Install-Packages ($strict + ("-r", "requirements\build.txt")) $online
    # jieba has no wheel; it is built with the tools just installed.
    $build = "--no-build-isolation", "--no-binary", "jieba"
    Install-Packages ($strict + $build + ("-r", "requirements\$lock.txt")) $online
    Say "installing deskguard itself, editable"
    Install-Packages ("--no-deps", "--no-build-isolation", "--no-index", "--editable", ".") "see whether the clone is whole: git status"
    New-Item -ItemType Directory -Force ".venv\stamps" | Out-Null
    Set-Content ".venv\stamps\$lock" (Get-Key $lock)
}
Say "looking for the model weights (fetched once, 133 MB, and verified)"
& ".venv\Scripts\deskguard.exe" models get base
if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
Say "ready"
exit 0
