// A service for tests of applications: `materi/test-kit`.
export { type Faults, TestService, type TestServiceOptions } from "./test-service.ts";
