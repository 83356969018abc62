/** Hosting sessions for clients that speak the Agent Host Protocol. */
import type {
  HostExitedNotification,
  HostGitHubEnvironmentOptions,
  HostLocalServerOptions,
} from "../generated/rpc.js";
import type { CopilotSession } from "../session.js";
import type { ResumeSessionConfig, SessionConfig } from "./session.js";

/** A host has ended, and why. */
export type AhpHostExit = HostExitedNotification;

export interface AhpAuthenticationRequest {
  /** What the client presented. */
  token: string;
  /** Aborted when the client no longer waits. */
  signal: AbortSignal;
}

export interface AhpAuthenticationResult {
  /** Must be the identity that the host requires. */
  identity: string;
  /** Until when the answer holds, in RFC 3339. */
  expiresAt: string;
}

/** How clients of a host show who they are. Runtimes from 1.0.104 on require it, older ones do not know it. */
export interface AhpHostAuthentication {
  mode: "github" | "none" | "custom";
  /** Who alone is let in; needed with `custom`. */
  requireIdentity?: string;
  /** Whose token is it? Nothing turns the client away. Needed with `custom`. */
  authenticate?: (
    request: AhpAuthenticationRequest,
  ) => Promise<AhpAuthenticationResult | null | undefined> | AhpAuthenticationResult | null | undefined;
}

export interface AhpSessionAuthentication {
  mode: "github" | "none" | "custom";
  identity?: string;
}

export interface AhpSessionCreateRequest {
  /** What the session must be made with, `sessionId` included. */
  config: SessionConfig;
  authentication: AhpSessionAuthentication;
  /** Aborted when the session is no longer wanted. */
  signal: AbortSignal;
}

export interface AhpSessionResumeRequest {
  sessionId: string;
  /** What the session must be resumed with. */
  config: ResumeSessionConfig;
  authentication: AhpSessionAuthentication;
  /** Aborted when the session is no longer wanted. */
  signal: AbortSignal;
}

/** One of `localServer` and `githubEnvironment` is needed. */
export interface AhpHostOptions {
  /** Listens on this machine. */
  localServer?: HostLocalServerOptions;
  /** Offers the sessions through GitHub; with `github` authentication only. */
  githubEnvironment?: HostGitHubEnvironmentOptions;
  authentication?: AhpHostAuthentication;
  /** Creates a session of this client, with everything in the request's `config`. */
  createSession?: (request: AhpSessionCreateRequest) => Promise<CopilotSession>;
  /** Resumes a session of this client, with everything in the request's `config`. */
  resumeSession?: (request: AhpSessionResumeRequest) => Promise<CopilotSession>;
  /** The host's clients no longer use a session. It goes on. */
  onSessionReleased?: (session: CopilotSession) => Promise<void> | void;
  /** The host has ended; called once. */
  onExit?: (exit: AhpHostExit) => Promise<void> | void;
  computeId?: string;
  workspace?: string;
  /** Whether clients may begin sessions. */
  allowCreatingNewSessions?: boolean;
}
