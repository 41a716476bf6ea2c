// Who is logged in and what she may do. The shell route loads it before any page stands.
import { type QueryClient, queryOptions, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { logOut, readSession } from "../api/client";
import { closeStream } from "../api/stream";
import type { Session, Staff } from "../api/types";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: readSession,
  staleTime: Number.POSITIVE_INFINITY,
});

export function loadSession(client: QueryClient): Promise<Session | null> {
  return client.ensureQueryData(sessionQuery);
}

export function useMe(): Staff {
  const { data } = useSuspenseQuery(sessionQuery);
  if (!data) throw new Error("no session");
  return data.staff;
}

export function may(staff: Staff, permission: string | undefined): boolean {
  return !permission || staff.permissions.includes(permission);
}

export function useMay(): (permission: string | undefined) => boolean {
  const me = useMe();
  return (permission) => may(me, permission);
}

/** Where a person starts: store staff at the till, managers at the figures, others at the customers. */
export function homeOf(staff: Staff): string {
  if (staff.role === "store") return "/lookup";
  return may(staff, "insight.read") ? "/overview" : "/customers";
}

export function useLogOut(): () => Promise<void> {
  const client = useQueryClient();
  const router = useRouter();
  return async () => {
    await logOut();
    closeStream();
    client.clear();
    await router.navigate({ to: "/login" });
  };
}
