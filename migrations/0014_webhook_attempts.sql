CREATE TABLE `webhook_attempts` (
	`delivery_id` text NOT NULL,
	`attempted_at` integer NOT NULL,
	`attempt` integer NOT NULL,
	`took_ms` integer,
	`answer` integer,
	`failure` text,
	PRIMARY KEY(`delivery_id`, `attempted_at`, `attempt`)
);
