-- Written by hand: drizzle-kit knows no virtual tables. `src/db/document-search.ts` is how queries see it.
-- Tokens are letters and digits, and symbols (So), among which emoji are; `src/documents/search-text.ts` has the why.
CREATE VIRTUAL TABLE `document_search` USING fts5(
	scope, title, text,
	tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);
--> statement-breakpoint
-- What is deleted is gone from the index at once, not when its segments are merged.
INSERT INTO `document_search` (`document_search`, `rank`) VALUES ('secure-delete', 1);
--> statement-breakpoint
-- A hit in the title weighs ten in the text; one in the scope is none.
INSERT INTO `document_search` (`document_search`, `rank`) VALUES ('rank', 'bm25(0.0, 10.0, 1.0)');
