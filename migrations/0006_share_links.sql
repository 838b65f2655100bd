CREATE TABLE `link_visitors` (
	`link_id` text NOT NULL,
	`visitor_id` text NOT NULL,
	`document_id` text NOT NULL,
	`guest_name` text,
	`token_hash` text,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	PRIMARY KEY(`document_id`, `visitor_id`, `link_id`),
	FOREIGN KEY (`link_id`) REFERENCES `share_links`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `link_visitors_token` ON `link_visitors` (`token_hash`);--> statement-breakpoint
CREATE INDEX `link_visitors_link` ON `link_visitors` (`link_id`);--> statement-breakpoint
CREATE INDEX `link_visitors_visitor` ON `link_visitors` (`visitor_id`);--> statement-breakpoint
CREATE INDEX `link_visitors_expires` ON `link_visitors` (`expires_at`);--> statement-breakpoint
CREATE TABLE `share_links` (
	`id` text PRIMARY KEY NOT NULL,
	`document_id` text NOT NULL,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`history` integer NOT NULL,
	`guests` integer NOT NULL,
	`token_hash` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	FOREIGN KEY (`document_id`) REFERENCES `documents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `share_links_token` ON `share_links` (`token_hash`);--> statement-breakpoint
CREATE INDEX `share_links_document` ON `share_links` (`document_id`,`created_at`,`id`);