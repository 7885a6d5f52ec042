-- A profile as schema v4 left it. Never edited: see test_every_old_schema_is_upgraded.
PRAGMA page_size = 4096;
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (1, 'homebody', 'v1_conversations', '2026-11-21 08:20:53.146201+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (2, 'homebody', 'v2_attachments', '2026-11-21 08:20:53.146638+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (3, 'homebody', 'v3_work', '2026-11-21 08:20:53.147698+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (4, 'homebody', 'v4_offers', '2026-11-21 12:01:57.710231+00:00');
CREATE TABLE conversation (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            titled_by TEXT NOT NULL, title TEXT NOT NULL, created TEXT NOT NULL,
            changed TEXT NOT NULL, touched INTEGER NOT NULL, pinned INTEGER NOT NULL DEFAULT 0,
            archived INTEGER NOT NULL DEFAULT 0, deleted TEXT, bin_since TEXT,
            head INTEGER REFERENCES turn(seq) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
            draft TEXT NOT NULL DEFAULT '');
INSERT INTO conversation (seq, id, titled_by, title, created, changed, touched, pinned, archived, deleted, bin_since, head, draft) VALUES (1, '3fdd7644678f476189d6d7d7412268a2', 'person', 'Kept from before', '2026-01-02T03:04:05.000000+00:00', '2026-01-02T03:04:05.000000+00:00', 3, 0, 0, NULL, NULL, 2, '');
CREATE TABLE turn (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            conversation INTEGER NOT NULL REFERENCES conversation(seq) ON DELETE CASCADE,
            parent INTEGER REFERENCES turn(seq) DEFERRABLE INITIALLY DEFERRED,
            owner TEXT, state TEXT NOT NULL, created TEXT NOT NULL, ended TEXT,
            request TEXT NOT NULL, reply TEXT NOT NULL, reasoning TEXT NOT NULL,
            problem TEXT NOT NULL, run TEXT, attachments TEXT NOT NULL DEFAULT '', planned TEXT NOT NULL DEFAULT '', steps TEXT NOT NULL DEFAULT '', waiting TEXT NOT NULL DEFAULT '', offer TEXT NOT NULL DEFAULT '');
INSERT INTO turn (seq, id, conversation, parent, owner, state, created, ended, request, reply, reasoning, problem, run, attachments, planned, steps, waiting, offer) VALUES (1, '4697f5253efa4a6e8c43a4a186f31f55', 1, NULL, NULL, 'done', '2026-01-02T03:04:05.000000+00:00', '2026-01-02T03:04:05.000000+00:00', 'How are you?', 'Fine, thank you.', '', '', NULL, '[{"name":"old.txt","text":"words from before"}]', '{"plan":{"do":"skills","steps":[{"skill":"search_notes","args":{"query":"wifi"}}]},"confidence":0.9,"sure":true,"ms":0.0,"planner":"expert","line":"search_notes wifi"}', '[{"skill":"search_notes","given":{"query":"wifi"},"args":{"query":"wifi"},"state":"done","result":"wifi code 1234","said":"","label":"tool","choices":[],"kind":null,"problem":"","hint":"","ms":3.0,"tries":1}]', '', '{"provider":"Big","url":"https://api.example.org/v1","host":"api.example.org","model":"big-1","mine":false,"reason":"asked","sentence":"You asked for it.","parts":[{"name":"question","title":"Your question","template":"Is [EMAIL_1] mine?","included":true}],"replacements":[{"placeholder":"[EMAIL_1]","kind":"EMAIL","value":"ada@example.com","by":"pattern","on":true}],"body":"{\"messages\":[{\"content\":\"Words such as [EMAIL_1] stand for things that stay private. Keep them exactly as they are.\",\"role\":\"system\"},{\"content\":\"Is [EMAIL_1] mine?\",\"role\":\"user\"}],\"model\":\"big-1\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}","sha256":"ead396faf4e5863e55f4e73bebb4c5321523a0e67192c2d635c5e0f17d1792e1","tokens":28,"cost":null,"currency":"USD","state":"sent","scope":"conversation","bytes_sent":512,"mangled":[],"problem":""}');
INSERT INTO turn (seq, id, conversation, parent, owner, state, created, ended, request, reply, reasoning, problem, run, attachments, planned, steps, waiting, offer) VALUES (2, '623cb0288ebf4b5ea66f845f27f01752', 1, 1, '1:gone', 'open', '2026-01-02T03:04:05.000000+00:00', NULL, 'And now?', '', '', '', NULL, '', '', '', '', '');
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
words from before', 'Fine, thank you.
wifi code 1234');
CREATE VIRTUAL TABLE title_words USING fts5(title, tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So Sk Sc'", prefix = '2 3');
INSERT INTO title_words (rowid, title) VALUES (1, 'Kept from before');
CREATE TABLE note (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL DEFAULT 'note', created TEXT NOT NULL, text TEXT NOT NULL);
INSERT INTO note (seq, id, kind, created, text) VALUES (1, '33186515c88f41799fa79c5a9f220f15', 'note', '2026-01-02T03:04:05.000000+00:00', 'The wifi code is 1234');
CREATE VIRTUAL TABLE note_words USING fts5(text, tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So Sk Sc'", prefix = '2 3');
INSERT INTO note_words (rowid, text) VALUES (1, 'The wifi code is 1234');
CREATE TABLE reminder (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL DEFAULT 'reminder', due TEXT NOT NULL, created TEXT NOT NULL,
            told TEXT, text TEXT NOT NULL);
INSERT INTO reminder (seq, id, kind, due, created, told, text) VALUES (1, '49b8665d617042e5aea5855b817fbb27', 'reminder', '2026-01-03T09:00:00.000000+00:00', '2026-01-02T03:04:05.000000+00:00', NULL, 'call mum');
CREATE TABLE granted (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, folder TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL DEFAULT 'grant',
            access TEXT NOT NULL, since TEXT NOT NULL);
INSERT INTO granted (seq, folder, kind, access, since) VALUES (1, '/somewhere/Documents', 'grant', 'read', '2026-01-02T03:04:05.000000+00:00');
CREATE TABLE skill_run (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, skill TEXT NOT NULL, ok INTEGER NOT NULL,
            model TEXT NOT NULL, ms REAL, at TEXT NOT NULL);
INSERT INTO skill_run (seq, skill, ok, model, ms, at) VALUES (1, 'search_notes', 1, 'Starter', 3.0, '2026-01-02T03:04:05.000000+00:00');
CREATE TABLE vault (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, conversation INTEGER NOT NULL REFERENCES conversation(seq) ON DELETE CASCADE,
            placeholder TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
            found_by TEXT NOT NULL, UNIQUE (conversation, placeholder));
INSERT INTO vault (seq, conversation, placeholder, kind, value, found_by) VALUES (1, 1, '[EMAIL_1]', 'EMAIL', 'ada@example.com', 'pattern');
CREATE TABLE consent (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, conversation INTEGER NOT NULL REFERENCES conversation(seq) ON DELETE CASCADE,
            provider TEXT NOT NULL, url TEXT NOT NULL, model TEXT NOT NULL, at TEXT NOT NULL,
            UNIQUE (conversation, provider, url, model));
INSERT INTO consent (seq, conversation, provider, url, model, at) VALUES (1, 1, 'Big', 'https://api.example.org/v1', 'big-1', '2026-01-02T03:04:05.000000+00:00');
CREATE TABLE stays_home (
            conversation INTEGER PRIMARY KEY REFERENCES conversation(seq) ON DELETE CASCADE);
INSERT INTO stays_home (conversation) VALUES (1);
CREATE TABLE sent (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL,
            conversation INTEGER NOT NULL REFERENCES conversation(seq) ON DELETE CASCADE,
            at TEXT NOT NULL, provider TEXT NOT NULL, host TEXT NOT NULL, model TEXT NOT NULL,
            body TEXT NOT NULL);
INSERT INTO sent (seq, sha256, conversation, at, provider, host, model, body) VALUES (1, 'ead396faf4e5863e55f4e73bebb4c5321523a0e67192c2d635c5e0f17d1792e1', 1, '2026-01-02T03:04:05.000000+00:00', 'Big', 'api.example.org', 'big-1', '{"messages":[{"content":"Words such as [EMAIL_1] stand for things that stay private. Keep them exactly as they are.","role":"system"},{"content":"Is [EMAIL_1] mine?","role":"user"}],"model":"big-1","stream":true,"stream_options":{"include_usage":true}}');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX conversation_touched ON conversation(touched);
CREATE INDEX conversation_head ON conversation(head);
CREATE INDEX turn_parent ON turn(parent);
CREATE INDEX turn_open ON turn(state) WHERE state = 'open';
CREATE INDEX turn_siblings ON turn(conversation, parent);
CREATE INDEX reminder_due ON reminder(due);
CREATE INDEX skill_run_of ON skill_run(skill, model);
CREATE INDEX sent_sha256 ON sent(sha256);
CREATE INDEX sent_conversation ON sent(conversation);
COMMIT;
