CREATE TABLE `room_erasures` (
	`document_id` text PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `room_erasures_due` ON `room_erasures` (`due_at`);--> statement-breakpoint
CREATE INDEX `documents_owner_updated` ON `documents` (`owner_id`,`updated_at`,`id`);--> statement-breakpoint
CREATE INDEX `documents_workspace_created` ON `documents` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `documents_workspace_updated` ON `documents` (`workspace_id`,`updated_at`,`id`);--> statement-breakpoint
CREATE INDEX `documents_deleted` ON `documents` (`deleted_at`) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `workspaces_deleted` ON `workspaces` (`deleted_at`) WHERE deleted_at IS NOT NULL;