-- A profile as schema v2 left it. Never edited: see test_every_old_schema_is_upgraded.
PRAGMA page_size = 4096;
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (1, 'homebody', 'v1_conversations', '2026-11-20 20:38:29.823780+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (2, 'homebody', 'v2_attachments', '2026-11-21 02:12:07.104417+00:00');
CREATE TABLE conversation (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            titled_by TEXT NOT NULL, title TEXT NOT NULL, created TEXT NOT NULL,
            changed TEXT NOT NULL, touched INTEGER NOT NULL, pinned INTEGER NOT NULL DEFAULT 0,
            archived INTEGER NOT NULL DEFAULT 0, deleted TEXT, bin_since TEXT,
            head INTEGER REFERENCES turn(seq) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
            draft TEXT NOT NULL DEFAULT '');
INSERT INTO conversation (seq, id, titled_by, title, created, changed, touched, pinned, archived, deleted, bin_since, head, draft) VALUES (1, '13e35b8668c042c28d1c84385d1fc8ab', 'person', 'Kept from before', '2026-01-02T03:04:05.000000+00:00', '2026-01-02T03:04:05.000000+00:00', 3, 0, 0, NULL, NULL, 2, '');
CREATE TABLE turn (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            conversation INTEGER NOT NULL REFERENCES conversation(seq) ON DELETE CASCADE,
            parent INTEGER REFERENCES turn(seq) DEFERRABLE INITIALLY DEFERRED,
            owner TEXT, state TEXT NOT NULL, created TEXT NOT NULL, ended TEXT,
            request TEXT NOT NULL, reply TEXT NOT NULL, reasoning TEXT NOT NULL,
            problem TEXT NOT NULL, run TEXT, attachments TEXT NOT NULL DEFAULT '');
INSERT INTO turn (seq, id, conversation, parent, owner, state, created, ended, request, reply, reasoning, problem, run, attachments) VALUES (1, 'a3502412547f494eb754cd862293c5de', 1, NULL, NULL, 'done', '2026-01-02T03:04:05.000000+00:00', '2026-01-02T03:04:05.000000+00:00', 'How are you?', 'Fine, thank you.', '', '', NULL, '[{"name":"old.txt","text":"words from before"}]');
INSERT INTO turn (seq, id, conversation, parent, owner, state, created, ended, request, reply, reasoning, problem, run) VALUES (2, '1cecfbda95df4879b34d9b9ecd601689', 1, 1, '1:gone', 'open', '2026-01-02T03:04:05.000000+00:00', NULL, 'And now?', '', '', '', NULL);
CREATE TABLE checkpoint (
            turn INTEGER PRIMARY KEY REFERENCES turn(seq) ON DELETE CASCADE,
            at TEXT NOT NULL, reply TEXT NOT NULL, reasoning TEXT NOT NULL);
INSERT INTO checkpoint (turn, at, reply, reasoning) VALUES (2, '2026-01-02T03:04:05.000000+00:00', 'Half a', '');
CREATE TABLE file_hash (
            path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
            inode TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE erasure (conversation TEXT PRIMARY KEY);
CREATE VIRTUAL TABLE turn_words USING fts5(request, reply, tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So Sk Sc'", prefix = '2 3');
INSERT INTO turn_words (rowid, request, reply) VALUES (1, 'How are you?
old.txt
words from before', 'Fine, thank you.');
CREATE VIRTUAL TABLE title_words USING fts5(title, tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So Sk Sc'", prefix = '2 3');
INSERT INTO title_words (rowid, title) VALUES (1, 'Kept from before');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX conversation_touched ON conversation(touched);
CREATE INDEX conversation_head ON conversation(head);
CREATE INDEX turn_parent ON turn(parent);
CREATE INDEX turn_open ON turn(state) WHERE state = 'open';
CREATE INDEX turn_siblings ON turn(conversation, parent);
COMMIT;
