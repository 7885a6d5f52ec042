; The installer for Windows: for one person, without an administrator. packaging/windows/installer.py
; compiles it and says what is in it (files.nsh).
;
; Silent:   homebody-….exe /S [/GGUF=yes|no] [/DESKTOP=yes|no] [/PATH=yes|no] [/D=C:\folder]
;           uninstall.exe  /S [/DATA=remove]
;           What is not said stays as it is; at first all three are "no". /D comes last, unquoted.
; Ends with 0 done, 1 given up by the person, 2 stopped by NSIS, and
;           3 Homebody is running   4 not enough room   5 this Windows is too old
;           6 the folder will not do   7 files could not be written or removed
; Nothing is ever closed by force, and nothing is removed that this installer did not write.

Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
SetCompressorDictSize 64
RequestExecutionLevel user
ManifestDPIAware true
ManifestSupportedOS all
XPStyle on
SetOverwrite on
AllowSkipFiles off
SetDatablockOptimize on

!include LogicLib.nsh
!include MUI2.nsh
!include FileFunc.nsh
!include WinVer.nsh
!include WordFunc.nsh
!include Sections.nsh

; VERSION VERSION4 OUT WORK LONGEST, and the macros AddFiles, RemoveFiles, CheckFiles
!include "${FILES}"
!include "words.nsh"

!define APP "Homebody"
!define PUBLISHER "The Homebody authors"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Homebody"
!define APP_PATHS_KEY "Software\Microsoft\Windows\CurrentVersion\App Paths\homebody.exe"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define CLASSES_KEY "Software\Classes"
!define KIND "Homebody.gguf"
; platformdirs says so too: app/homebody/base/paths.py
!define DATA "$LOCALAPPDATA\homebody"

!define IS_RUNNING 3
!define NO_ROOM 4
!define TOO_OLD 5
!define BAD_FOLDER 6
!define NOT_WRITTEN 7

Name "${APP}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\Homebody"
InstallDirRegKey HKCU "${UNINSTALL_KEY}" "InstallLocation"
BrandingText "${APP} ${VERSION}"

VIProductVersion "${VERSION4}"
VIFileVersion "${VERSION4}"
!macro Facts LANG
  VIAddVersionKey /LANG=${LANG} "ProductName" "${APP}"
  VIAddVersionKey /LANG=${LANG} "ProductVersion" "${VERSION}"
  VIAddVersionKey /LANG=${LANG} "FileVersion" "${VERSION}"
  VIAddVersionKey /LANG=${LANG} "FileDescription" "${APP} Setup"
  VIAddVersionKey /LANG=${LANG} "CompanyName" "${PUBLISHER}"
  VIAddVersionKey /LANG=${LANG} "LegalCopyright" "${PUBLISHER}, Apache-2.0"
!macroend
!insertmacro Facts 0

; What signs the uninstaller while it is packed in; the installer itself is signed afterwards.
!ifdef SIGN
  !uninstfinalize '${SIGN} "%1"' = 0
!endif

!define MUI_ICON "${WORK}\homebody.ico"
!define MUI_UNICON "${WORK}\homebody.ico"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${WORK}\side.bmp"
!define MUI_WELCOMEFINISHPAGE_BITMAP_STRETCH AspectFitHeight
!define MUI_UNWELCOMEFINISHPAGE_BITMAP "${WORK}\side.bmp"
!define MUI_UNWELCOMEFINISHPAGE_BITMAP_STRETCH AspectFitHeight
!define MUI_ABORTWARNING
!define MUI_COMPONENTSPAGE_SMALLDESC
!define MUI_FINISHPAGE_RUN "$INSTDIR\homebody-window.exe"

!insertmacro MUI_PAGE_COMPONENTS
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE LeaveFolder
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH

UninstPage custom un.AskAboutData un.KeepAnswer
!insertmacro MUI_UNPAGE_INSTFILES

; The system's language is taken; English where it is none of these.
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"
!insertmacro MUI_LANGUAGE "French"
!insertmacro MUI_LANGUAGE "Spanish"
!insertmacro MUI_LANGUAGE "Italian"
!insertmacro Words

Var Old ; the folder of the copy that is installed; "" without one
Var RemoveData ; "yes" once the person said so
Var Box

; Says why nothing was done and ends with a status. Silent, it only ends.
!macro Give_up STATUS TEXT
  SetErrorLevel ${STATUS}
  MessageBox MB_OK|MB_ICONEXCLAMATION "${TEXT}" /SD IDOK
  Quit
!macroend

; In $0: the folder. Out $0: "yes" if one of its programs runs. A program that runs can be read
; and not written; it is opened for adding, and nothing is added.
!macro LookForRunning UN
Function ${UN}IsRunning
  Push $1
  Push $2
  StrCpy $2 "no"
  ${If} ${FileExists} "$0\homebody.exe"
    ClearErrors
    FileOpen $1 "$0\homebody.exe" a
    ${If} ${Errors}
      StrCpy $2 "yes"
    ${Else}
      FileClose $1
    ${EndIf}
  ${EndIf}
  ${If} ${FileExists} "$0\homebody-window.exe"
    ClearErrors
    FileOpen $1 "$0\homebody-window.exe" a
    ${If} ${Errors}
      StrCpy $2 "yes"
    ${Else}
      FileClose $1
    ${EndIf}
  ${EndIf}
  ClearErrors
  StrCpy $0 $2
  Pop $2
  Pop $1
FunctionEnd
!macroend
!insertmacro LookForRunning ""
!insertmacro LookForRunning "un."

; Asks until nothing runs, or gives up. Nothing is closed: an answer may be on its way.
!macro WaitUntilClosed UN FOLDER
  ${Do}
    StrCpy $0 "${FOLDER}"
    Call ${UN}IsRunning
    ${If} $0 != "yes"
      ${ExitDo}
    ${EndIf}
    SetErrorLevel ${IS_RUNNING}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(IsRunning)" /SD IDCANCEL IDRETRY +2
    Quit
    SetErrorLevel 0
  ${Loop}
!macroend

; PATH, only if asked. In $0 what it is, out $1 "yes" if it can be changed here: what is longer
; than NSIS can hold would be written back cut short.
!macro ReadPath UN
Function ${UN}ReadPath
  StrCpy $0 ""
  StrCpy $1 "no"
  System::Call 'advapi32::RegGetValueW(p -2147483647, w "Environment", w "Path", i 0x10000006, p 0, p 0, *i .r2) i .r3'
  ${If} $3 = 2 ; there is none yet
    StrCpy $1 "yes"
    Return
  ${EndIf}
  ${If} $3 <> 0
    Return
  ${EndIf}
  IntOp $2 $2 / 2
  StrLen $3 "$INSTDIR"
  IntOp $2 $2 + $3
  IntOp $2 $2 + 8
  ${If} $2 >= ${NSIS_MAX_STRLEN}
    Return
  ${EndIf}
  ReadRegStr $0 HKCU "Environment" "Path"
  StrCpy $1 "yes"
FunctionEnd

; Takes $INSTDIR out of $0, wherever it stands in it.
Function ${UN}WithoutFolder
  StrCpy $2 ";$0;"
  ${Do}
    StrCpy $3 $2
    ${${UN}WordReplace} $2 ";$INSTDIR;" ";" "+" $2
  ${LoopUntil} $2 == $3
  ${If} $2 == ";"
  ${OrIf} $2 == ";;"
    StrCpy $0 ""
    Return
  ${EndIf}
  StrCpy $0 $2 "" 1
  StrCpy $0 $0 -1
FunctionEnd

Function ${UN}LeavePath
  Call ${UN}ReadPath
  ${If} $1 == "yes"
  ${AndIf} $0 != ""
    StrCpy $4 $0
    Call ${UN}WithoutFolder
    ${If} $0 != $4
      ${If} $0 == ""
        DeleteRegValue HKCU "Environment" "Path"
      ${Else}
        WriteRegExpandStr HKCU "Environment" "Path" "$0"
      ${EndIf}
      SendMessage ${HWND_BROADCAST} ${WM_WININICHANGE} 0 "STR:Environment" /TIMEOUT=2000
    ${EndIf}
  ${EndIf}
FunctionEnd
!macroend
!insertmacro WordReplace
!insertmacro un.WordReplace
!insertmacro ReadPath ""
!insertmacro ReadPath "un."

!macro TellTheShell
  ; SHCNE_ASSOCCHANGED: programs that open files have changed.
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
!macroend

!macro ForgetKind
  DeleteRegValue HKCU "${CLASSES_KEY}\.gguf\OpenWithProgids" "${KIND}"
  DeleteRegKey /ifempty HKCU "${CLASSES_KEY}\.gguf\OpenWithProgids"
  DeleteRegKey /ifempty HKCU "${CLASSES_KEY}\.gguf"
  DeleteRegKey HKCU "${CLASSES_KEY}\${KIND}"
!macroend

; ---------------------------------------------------------------- what can be chosen

Section "-Homebody" Program
  SectionIn RO
  Call CheckRoom
  !insertmacro WaitUntilClosed "" "$INSTDIR"
  ${If} $Old != ""
    !insertmacro WaitUntilClosed "" "$Old"
    ; The older copy knows best which files are its own. Its data and choices stay.
    DetailPrint "$(RemovesOlder)"
    ClearErrors
    ExecWait '"$Old\uninstall.exe" /S /UPGRADE _?=$Old' $0
    ${If} ${Errors}
    ${OrIf} $0 <> 0
      !insertmacro Give_up ${NOT_WRITTEN} "$(OlderStays)"
    ${EndIf}
    ${If} $Old != $INSTDIR
      Delete "$Old\uninstall.exe"
      RMDir "$Old"
    ${EndIf}
  ${EndIf}

  ClearErrors
  !insertmacro AddFiles
  SetOutPath "$INSTDIR"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  !insertmacro CheckFiles
  ${If} ${Errors}
    !insertmacro Give_up ${NOT_WRITTEN} "$(NotWritten)"
  ${EndIf}

  CreateShortcut "$SMPROGRAMS\Homebody.lnk" "$INSTDIR\homebody-window.exe" "" "$INSTDIR\homebody-window.exe" 0
  ; For the Run dialog and `start homebody`.
  WriteRegStr HKCU "${APP_PATHS_KEY}" "" "$INSTDIR\homebody.exe"

  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "${APP}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\homebody-window.exe,0"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "Publisher" "${PUBLISHER}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1
  SectionGetSize ${Program} $0
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" $0
SectionEnd

Section /o "$(DesktopTitle)" Desktop
  CreateShortcut "$DESKTOP\Homebody.lnk" "$INSTDIR\homebody-window.exe" "" "$INSTDIR\homebody-window.exe" 0
SectionEnd

; Homebody is one of the programs to choose from. What opens .gguf files by default is left alone.
Section /o "$(GgufTitle)" Gguf
  WriteRegStr HKCU "${CLASSES_KEY}\${KIND}" "" "$(GgufKind)"
  WriteRegStr HKCU "${CLASSES_KEY}\${KIND}\DefaultIcon" "" "$INSTDIR\homebody-window.exe,0"
  WriteRegStr HKCU "${CLASSES_KEY}\${KIND}\shell\open\command" "" '"$INSTDIR\homebody-window.exe" "%1"'
  WriteRegStr HKCU "${CLASSES_KEY}\.gguf\OpenWithProgids" "${KIND}" ""
  !insertmacro TellTheShell
SectionEnd

Section /o "$(PathTitle)" Path
  Call ReadPath
  ${If} $1 == "yes"
    Call WithoutFolder
    ${If} $0 != ""
      StrCpy $0 "$0;"
    ${EndIf}
    WriteRegExpandStr HKCU "Environment" "Path" "$0$INSTDIR"
    SendMessage ${HWND_BROADCAST} ${WM_WININICHANGE} 0 "STR:Environment" /TIMEOUT=2000
  ${Else}
    DetailPrint "$(PathTooLong)"
  ${EndIf}
SectionEnd

; What was chosen before and is not any more. At first a shortcut of that name is the person's own.
Section "-Unchosen"
  ${IfNot} ${SectionIsSelected} ${Desktop}
  ${AndIf} $Old != ""
    Delete "$DESKTOP\Homebody.lnk"
  ${EndIf}
  ${IfNot} ${SectionIsSelected} ${Gguf}
    ReadRegStr $0 HKCU "${CLASSES_KEY}\${KIND}\shell\open\command" ""
    ${If} $0 != ""
      !insertmacro ForgetKind
      !insertmacro TellTheShell
    ${EndIf}
  ${EndIf}
  ${IfNot} ${SectionIsSelected} ${Path}
    Call LeavePath
  ${EndIf}
  ClearErrors
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${Desktop} "$(DesktopText)"
  !insertmacro MUI_DESCRIPTION_TEXT ${Gguf} "$(GgufText)"
  !insertmacro MUI_DESCRIPTION_TEXT ${Path} "$(PathText)"
!insertmacro MUI_FUNCTION_DESCRIPTION_END

; ---------------------------------------------------------------- before

!macro TakeChoice SWITCH SECTION
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/${SWITCH}=" $1
  ${IfNot} ${Errors}
    ${If} $1 == "yes"
      !insertmacro SelectSection ${SECTION}
    ${Else}
      !insertmacro UnselectSection ${SECTION}
    ${EndIf}
  ${EndIf}
  ClearErrors
!macroend

Function .onInit
  ; Qt's floor: Windows 10, version 1809.
  ${IfNot} ${AtLeastBuild} 17763
    !insertmacro Give_up ${TOO_OLD} "$(TooOld)"
  ${EndIf}

  ReadRegStr $Old HKCU "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $Old != ""
  ${AndIfNot} ${FileExists} "$Old\uninstall.exe"
    StrCpy $Old ""
  ${EndIf}

  ; What was chosen last time stays chosen.
  ${If} $Old != ""
    ${If} ${FileExists} "$DESKTOP\Homebody.lnk"
      !insertmacro SelectSection ${Desktop}
    ${EndIf}
    ClearErrors
    ReadRegStr $0 HKCU "${CLASSES_KEY}\${KIND}\shell\open\command" ""
    ${If} $0 != ""
      !insertmacro SelectSection ${Gguf}
    ${EndIf}
    Push $INSTDIR
    StrCpy $INSTDIR $Old
    Call ReadPath
    StrCpy $4 $0
    Call WithoutFolder
    ${If} $0 != $4
      !insertmacro SelectSection ${Path}
    ${EndIf}
    Pop $INSTDIR
  ${EndIf}
  !insertmacro TakeChoice "DESKTOP" ${Desktop}
  !insertmacro TakeChoice "GGUF" ${Gguf}
  !insertmacro TakeChoice "PATH" ${Path}

  ${If} ${Silent}
    Call CheckFolder
    ${If} $0 != ""
      !insertmacro Give_up ${BAD_FOLDER} "$0"
    ${EndIf}
  ${EndIf}
FunctionEnd

Function LeaveFolder
  Call CheckFolder
  ${If} $0 != ""
    MessageBox MB_OK|MB_ICONEXCLAMATION "$0"
    Abort
  ${EndIf}
FunctionEnd

; Out $0: what is wrong with $INSTDIR, or "". A folder with other things in it is not taken.
Function CheckFolder
  StrCpy $0 ""
  StrLen $1 "$INSTDIR"
  IntOp $1 $1 + ${LONGEST}
  IntOp $1 $1 + 1
  ${If} $1 > 259
    StrCpy $0 "$(FolderTooLong)"
    Return
  ${EndIf}
  ${If} $INSTDIR == $Old
  ${OrIfNot} ${FileExists} "$INSTDIR\*.*"
    Return
  ${EndIf}
  ; What an installation that was cut short left behind is ours as well.
  ${If} ${FileExists} "$INSTDIR\homebody-window.exe"
    Return
  ${EndIf}
  FindFirst $1 $2 "$INSTDIR\*.*"
  ${DoWhile} $2 != ""
    ${If} $2 != "."
    ${AndIf} $2 != ".."
      StrCpy $0 "$(FolderInUse)"
      ${ExitDo}
    ${EndIf}
    FindNext $1 $2
  ${Loop}
  FindClose $1
  ClearErrors
FunctionEnd

; NSIS unpacks everything into a file in $TEMP first: on the same drive that is room for two.
Function CheckRoom
  SectionGetSize ${Program} $1
  IntOp $1 $1 / 1024
  IntOp $1 $1 + 50
  ${GetRoot} "$INSTDIR" $2
  ${GetRoot} "$TEMP" $3
  ${If} $2 == $3
    IntOp $1 $1 * 2
  ${EndIf}
  ClearErrors
  ${DriveSpace} "$2\" "/D=F /S=M" $4
  ${If} ${Errors} ; a drive that does not say
    ClearErrors
    Return
  ${EndIf}
  ${If} $4 < $1
    !insertmacro Give_up ${NO_ROOM} "$(NoRoom)"
  ${EndIf}
FunctionEnd

; ---------------------------------------------------------------- away again

Function un.onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/DATA=" $1
  ${IfNot} ${Errors}
  ${AndIf} $1 == "remove"
    StrCpy $RemoveData "yes"
  ${EndIf}
  ClearErrors
FunctionEnd

Function un.AskAboutData
  !insertmacro MUI_HEADER_TEXT "$(AwayTitle)" "$(AwaySubtitle)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 0 100% 36u "$(AwayText)"
  Pop $0
  ${NSD_CreateCheckbox} 0 44u 100% 12u "$(AwayData)"
  Pop $Box
  ${NSD_CreateLabel} 12u 58u 95% 36u "$(AwayDataText)"
  Pop $0
  nsDialogs::Show
FunctionEnd

Function un.KeepAnswer
  ${NSD_GetState} $Box $0
  StrCpy $RemoveData ""
  ${If} $0 = ${BST_CHECKED}
    MessageBox MB_YESNO|MB_DEFBUTTON2|MB_ICONEXCLAMATION "$(AwaySure)" IDYES +2
    Abort
    StrCpy $RemoveData "yes"
  ${EndIf}
FunctionEnd

; Removes the folder in $0 with all that is in it. A link to elsewhere is removed, never followed:
; models may lie on another drive.
Function un.RemoveTree
  Push $1
  Push $2
  Push $3
  System::Call 'kernel32::GetFileAttributesW(w r0) i .r3'
  IntOp $3 $3 & 0x400
  ${If} $3 = 0
    FindFirst $1 $2 "$0\*.*"
    ${DoWhile} $2 != ""
      ${If} $2 != "."
      ${AndIf} $2 != ".."
        System::Call 'kernel32::GetFileAttributesW(w "$0\$2") i .r3'
        IntOp $3 $3 & 0x10
        ${If} $3 <> 0
          Push $0
          StrCpy $0 "$0\$2"
          Call un.RemoveTree
          Pop $0
        ${Else}
          Delete "$0\$2"
        ${EndIf}
      ${EndIf}
      FindNext $1 $2
    ${Loop}
    FindClose $1
  ${EndIf}
  RMDir "$0"
  Pop $3
  Pop $2
  Pop $1
FunctionEnd

Section "Uninstall"
  !insertmacro WaitUntilClosed "un." "$INSTDIR"
  ; The programs first: while one of them is there, Homebody is installed.
  ClearErrors
  Delete "$INSTDIR\homebody-window.exe"
  Delete "$INSTDIR\homebody.exe"
  ${If} ${Errors}
    !insertmacro Give_up ${NOT_WRITTEN} "$(NotRemoved)"
  ${EndIf}
  SetOutPath "$TEMP"
  !insertmacro RemoveFiles

  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/UPGRADE" $1
  ${IfNot} ${Errors}
    ; A newer copy comes right after.
    Return
  ${EndIf}

  Delete "$SMPROGRAMS\Homebody.lnk"
  Delete "$DESKTOP\Homebody.lnk"
  !insertmacro ForgetKind
  !insertmacro TellTheShell
  Call un.LeavePath
  DeleteRegKey HKCU "${APP_PATHS_KEY}"
  ; Starting with the session, which Homebody itself may have set: only if it is this copy.
  ReadRegStr $0 HKCU "${RUN_KEY}" "homebody"
  ${un.WordReplace} $0 "$INSTDIR\" "" "+" $1
  ${If} $0 != $1
    DeleteRegValue HKCU "${RUN_KEY}" "homebody"
  ${EndIf}
  DeleteRegKey HKCU "${UNINSTALL_KEY}"

  ${If} $RemoveData == "yes"
    StrCpy $0 "${DATA}"
    Call un.RemoveTree
  ${EndIf}

  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  ClearErrors
SectionEnd
