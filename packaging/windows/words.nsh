; What the installer says, besides NSIS's own sentences.

!macro Say NAME EN DE FR ES IT
  LangString ${NAME} ${LANG_ENGLISH} "${EN}"
  LangString ${NAME} ${LANG_GERMAN} "${DE}"
  LangString ${NAME} ${LANG_FRENCH} "${FR}"
  LangString ${NAME} ${LANG_SPANISH} "${ES}"
  LangString ${NAME} ${LANG_ITALIAN} "${IT}"
!macroend

!macro Words
  !insertmacro Say DesktopTitle \
    "Shortcut on the desktop" \
    "Verknüpfung auf dem Desktop" \
    "Raccourci sur le bureau" \
    "Acceso directo en el escritorio" \
    "Collegamento sul desktop"
  !insertmacro Say DesktopText \
    "Homebody is in the Start menu in any case." \
    "Im Startmenü steht Homebody in jedem Fall." \
    "Homebody figure dans le menu Démarrer dans tous les cas." \
    "Homebody aparece en el menú Inicio en cualquier caso." \
    "Homebody compare comunque nel menu Start."
  !insertmacro Say GgufTitle \
    "Open .gguf files with Homebody" \
    ".gguf-Dateien mit Homebody öffnen" \
    "Ouvrir les fichiers .gguf avec Homebody" \
    "Abrir archivos .gguf con Homebody" \
    "Aprire i file .gguf con Homebody"
  !insertmacro Say GgufText \
    "Homebody is offered under “Open with”. The program that opens them now stays the default." \
    "Homebody steht unter „Öffnen mit“ zur Wahl. Das bisherige Programm bleibt der Standard." \
    "Homebody est proposé sous « Ouvrir avec ». Le programme par défaut actuel ne change pas." \
    "Homebody se ofrece en «Abrir con». El programa predeterminado actual no cambia." \
    "Homebody è proposto in «Apri con». Il programma predefinito attuale non cambia."
  !insertmacro Say GgufKind \
    "Language model (GGUF)" \
    "Sprachmodell (GGUF)" \
    "Modèle de langage (GGUF)" \
    "Modelo de lenguaje (GGUF)" \
    "Modello linguistico (GGUF)"
  !insertmacro Say PathTitle \
    "The command “homebody” in terminals" \
    "Der Befehl „homebody“ in Terminals" \
    "La commande « homebody » dans les terminaux" \
    "El comando «homebody» en los terminales" \
    "Il comando «homebody» nei terminali"
  !insertmacro Say PathText \
    "Adds Homebody's folder to your PATH." \
    "Nimmt den Ordner von Homebody in Ihren PATH auf." \
    "Ajoute le dossier de Homebody à votre PATH." \
    "Añade la carpeta de Homebody a su PATH." \
    "Aggiunge la cartella di Homebody al PATH."
  !insertmacro Say PathTooLong \
    "Your PATH is too long to be changed here. Add the folder yourself if you want it there." \
    "Ihr PATH ist zu lang, um hier geändert zu werden. Fügen Sie den Ordner bei Bedarf selbst hinzu." \
    "Votre PATH est trop long pour être modifié ici. Ajoutez-y le dossier vous-même au besoin." \
    "Su PATH es demasiado largo para cambiarlo aquí. Añada usted la carpeta si la quiere ahí." \
    "Il PATH è troppo lungo per essere modificato qui. Se serve, aggiungere la cartella a mano."
  !insertmacro Say RemovesOlder \
    "Removing the version that is there; your data stays" \
    "Die vorhandene Version wird entfernt; Ihre Daten bleiben" \
    "Suppression de la version en place ; vos données restent" \
    "Quitando la versión que hay; sus datos se quedan" \
    "Rimozione della versione presente; i dati restano"
  !insertmacro Say OlderStays \
    "The version of Homebody that is there could not be removed completely, so this one was not installed. Your data is untouched.$\r$\n$\r$\nRestart Windows, then start this installer again." \
    "Die vorhandene Version von Homebody konnte nicht ganz entfernt werden; diese wurde deshalb nicht installiert. Ihre Daten sind unberührt.$\r$\n$\r$\nStarten Sie Windows neu und rufen Sie dieses Programm dann noch einmal auf." \
    "La version de Homebody en place n’a pas pu être supprimée entièrement ; celle-ci n’a donc pas été installée. Vos données sont intactes.$\r$\n$\r$\nRedémarrez Windows, puis relancez ce programme." \
    "La versión de Homebody que hay no se pudo quitar por completo, así que esta no se instaló. Sus datos están intactos.$\r$\n$\r$\nReinicie Windows y vuelva a abrir este programa." \
    "La versione di Homebody presente non è stata rimossa del tutto, quindi questa non è stata installata. I dati sono intatti.$\r$\n$\r$\nRiavviare Windows, poi riaprire questo programma."
  !insertmacro Say NotWritten \
    "Not all files of Homebody could be written, so it is not ready to use. Your data is untouched.$\r$\n$\r$\nMake room on the drive, or let your virus scanner allow it, and start this installer again." \
    "Nicht alle Dateien von Homebody konnten geschrieben werden; es ist so nicht benutzbar. Ihre Daten sind unberührt.$\r$\n$\r$\nSchaffen Sie Platz auf dem Laufwerk oder erlauben Sie es im Virenscanner und rufen Sie dieses Programm noch einmal auf." \
    "Tous les fichiers de Homebody n’ont pas pu être écrits ; il n’est pas utilisable ainsi. Vos données sont intactes.$\r$\n$\r$\nFaites de la place sur le disque, ou autorisez-le dans votre antivirus, puis relancez ce programme." \
    "No se pudieron escribir todos los archivos de Homebody, así que no está listo para usarse. Sus datos están intactos.$\r$\n$\r$\nHaga sitio en la unidad, o permítalo en su antivirus, y vuelva a abrir este programa." \
    "Non è stato possibile scrivere tutti i file di Homebody, che quindi non è pronto. I dati sono intatti.$\r$\n$\r$\nLiberare spazio sull’unità, o consentirlo nell’antivirus, e riaprire questo programma."
  !insertmacro Say NotRemoved \
    "Homebody’s programs could not be removed; nothing else was changed.$\r$\n$\r$\nRestart Windows, then try again." \
    "Die Programme von Homebody konnten nicht entfernt werden; sonst wurde nichts geändert.$\r$\n$\r$\nStarten Sie Windows neu und versuchen Sie es noch einmal." \
    "Les programmes de Homebody n’ont pas pu être supprimés ; rien d’autre n’a été modifié.$\r$\n$\r$\nRedémarrez Windows, puis réessayez." \
    "No se pudieron quitar los programas de Homebody; no se cambió nada más.$\r$\n$\r$\nReinicie Windows e inténtelo de nuevo." \
    "Non è stato possibile rimuovere i programmi di Homebody; nient’altro è stato modificato.$\r$\n$\r$\nRiavviare Windows e riprovare."
  !insertmacro Say IsRunning \
    "Homebody is running. Close it first: its window, its icon beside the clock (Quit), and any terminal it runs in.$\r$\n$\r$\nIt is not closed from here, so that nothing you are doing is lost." \
    "Homebody läuft. Schließen Sie es zuerst: sein Fenster, sein Symbol neben der Uhr (Beenden) und jedes Terminal, in dem es läuft.$\r$\n$\r$\nVon hier aus wird es nicht geschlossen, damit nichts verloren geht." \
    "Homebody est en cours d’exécution. Fermez-le d’abord : sa fenêtre, son icône près de l’horloge (Quitter) et tout terminal où il tourne.$\r$\n$\r$\nIl n’est pas fermé d’ici, pour que rien ne soit perdu." \
    "Homebody está abierto. Ciérrelo primero: su ventana, su icono junto al reloj (Salir) y cualquier terminal en el que funcione.$\r$\n$\r$\nNo se cierra desde aquí, para que no se pierda nada." \
    "Homebody è in esecuzione. Chiuderlo prima: la finestra, l’icona accanto all’orologio (Esci) e ogni terminale in cui è attivo.$\r$\n$\r$\nNon viene chiuso da qui, perché nulla vada perso."
  !insertmacro Say NoRoom \
    "There is not enough room: installing takes $1 MB on $2, and $4 MB are free.$\r$\n$\r$\nMake room, then start this installer again. Nothing was changed." \
    "Der Platz reicht nicht: Die Installation braucht $1 MB auf $2, frei sind $4 MB.$\r$\n$\r$\nSchaffen Sie Platz und rufen Sie dieses Programm noch einmal auf. Es wurde nichts geändert." \
    "La place manque : l’installation demande $1 Mo sur $2, et $4 Mo sont libres.$\r$\n$\r$\nFaites de la place, puis relancez ce programme. Rien n’a été modifié." \
    "No hay espacio suficiente: la instalación necesita $1 MB en $2, y hay $4 MB libres.$\r$\n$\r$\nHaga sitio y vuelva a abrir este programa. No se cambió nada." \
    "Lo spazio non basta: servono $1 MB su $2 e ne sono liberi $4.$\r$\n$\r$\nLiberare spazio e riaprire questo programma. Nulla è stato modificato."
  !insertmacro Say TooOld \
    "Homebody needs Windows 10, version 1809, or newer." \
    "Homebody braucht Windows 10, Version 1809, oder neuer." \
    "Homebody demande Windows 10, version 1809, ou plus récent." \
    "Homebody necesita Windows 10, versión 1809, o posterior." \
    "Homebody richiede Windows 10, versione 1809, o successiva."
  !insertmacro Say FolderTooLong \
    "The path of this folder is too long for Windows once files are in it. Choose a shorter one." \
    "Der Pfad dieses Ordners wird mit den Dateien darin zu lang für Windows. Wählen Sie einen kürzeren." \
    "Le chemin de ce dossier devient trop long pour Windows avec les fichiers. Choisissez-en un plus court." \
    "La ruta de esta carpeta será demasiado larga para Windows con los archivos. Elija otra más corta." \
    "Il percorso di questa cartella diventa troppo lungo per Windows con i file. Sceglierne uno più breve."
  !insertmacro Say FolderInUse \
    "There are other things in this folder. Choose one that is empty, or a new one." \
    "In diesem Ordner liegt schon etwas anderes. Wählen Sie einen leeren oder einen neuen." \
    "Ce dossier contient déjà autre chose. Choisissez-en un vide, ou un nouveau." \
    "En esta carpeta ya hay otras cosas. Elija una vacía o una nueva." \
    "In questa cartella c’è già altro. Sceglierne una vuota, o una nuova."
  !insertmacro Say AwayTitle \
    "Remove Homebody" "Homebody entfernen" "Supprimer Homebody" "Quitar Homebody" "Rimuovere Homebody"
  !insertmacro Say AwaySubtitle \
    "From your account on this computer." \
    "Aus Ihrem Konto auf diesem Computer." \
    "De votre compte sur cet ordinateur." \
    "De su cuenta en este equipo." \
    "Dal proprio account su questo computer."
  !insertmacro Say AwayText \
    "Homebody will be removed from $INSTDIR. Your conversations, notes, settings and models stay where they are, for a later installation." \
    "Homebody wird aus $INSTDIR entfernt. Ihre Gespräche, Notizen, Einstellungen und Modelle bleiben, wo sie sind, für eine spätere Installation." \
    "Homebody sera supprimé de $INSTDIR. Vos conversations, notes, réglages et modèles restent en place, pour une installation ultérieure." \
    "Homebody se quitará de $INSTDIR. Sus conversaciones, notas, ajustes y modelos se quedan donde están, para otra instalación." \
    "Homebody sarà rimosso da $INSTDIR. Conversazioni, note, impostazioni e modelli restano dove sono, per un’altra installazione."
  !insertmacro Say AwayData \
    "Delete my data too" \
    "Auch meine Daten löschen" \
    "Supprimer aussi mes données" \
    "Borrar también mis datos" \
    "Eliminare anche i miei dati"
  !insertmacro Say AwayDataText \
    "Conversations, notes, reminders, settings, the ledger and all models in ${DATA}. This cannot be undone." \
    "Gespräche, Notizen, Erinnerungen, Einstellungen, das Register und alle Modelle in ${DATA}. Das lässt sich nicht rückgängig machen." \
    "Conversations, notes, rappels, réglages, le registre et tous les modèles dans ${DATA}. C’est sans retour." \
    "Conversaciones, notas, recordatorios, ajustes, el registro y todos los modelos en ${DATA}. No se puede deshacer." \
    "Conversazioni, note, promemoria, impostazioni, il registro e tutti i modelli in ${DATA}. Non si può annullare."
  !insertmacro Say AwaySure \
    "Delete everything in ${DATA} for good?" \
    "Alles in ${DATA} endgültig löschen?" \
    "Supprimer définitivement tout ce qui se trouve dans ${DATA} ?" \
    "¿Borrar para siempre todo lo que hay en ${DATA}?" \
    "Eliminare per sempre tutto ciò che si trova in ${DATA}?"
!macroend
