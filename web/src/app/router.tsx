// Addresses and the pages behind them; each page is a chunk of its own.
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  Outlet,
  redirect,
  useRouter,
} from "@tanstack/react-router";
import { ApiError } from "../api/client";
import { Broken, Failed, Missing } from "../ui/States";
import { homeOf, loadSession } from "./session";
import { parseSearch, type Search, stringifySearch } from "./url";

/** Not even who is there could be read: what the server says of it, and another try. */
function Unopened({ error }: ErrorComponentProps) {
  const opened = useRouter();
  const retry = () => opened.invalidate();
  return <main>{error instanceof ApiError ? <Failed error={error} onRetry={retry} /> : <Broken onRetry={retry} />}</main>;
}

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: Missing,
});

const anySearch = (search: Record<string, unknown>): Search => search as Search;

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import("../access/LoginPage"), "LoginPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  validateSearch: anySearch,
  beforeLoad: async ({ context, location }) => {
    const session = await loadSession(context.queryClient);
    if (!session) throw redirect({ to: "/login", search: { next: location.href === "/" ? undefined : location.href } });
  },
  component: lazyRouteComponent(() => import("./Shell"), "Shell"),
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: async ({ context }) => {
    const session = await loadSession(context.queryClient);
    if (session) throw redirect({ to: homeOf(session.staff), replace: true });
  },
});

function page<Path extends string, M extends Record<string, unknown>, K extends keyof M & string>(
  path: Path,
  load: () => Promise<M>,
  name: K,
) {
  return createRoute({
    getParentRoute: () => shell,
    path,
    component: lazyRouteComponent(load as never, name as never),
  });
}

const tree = root.addChildren([
  login,
  shell.addChildren([
    home,
    page("/me", () => import("./MePage"), "MePage"),
    page("/overview", () => import("../insight/OverviewPage"), "OverviewPage"),
    page("/overview/detail", () => import("../insight/DetailPage"), "DetailPage"),
    page("/lookup", () => import("../customer/LookupPage"), "LookupPage"),
    page("/customers", () => import("../customer/ListPage"), "ListPage"),
    page("/customers/new", () => import("../customer/NewPage"), "NewPage"),
    page("/customers/$id", () => import("../customer/RecordPage"), "RecordPage"),
    page("/customers/$id/edit", () => import("../customer/EditPage"), "EditPage"),
    page("/reviews", () => import("../identity/ReviewsPage"), "ReviewsPage"),
    page("/orders", () => import("../sales/OrdersPage"), "OrdersPage"),
    page("/orders/$id", () => import("../sales/OrderPage"), "OrderPage"),
    page("/catalogue/styles", () => import("../catalog/StylesPage"), "StylesPage"),
    page("/catalogue/styles/$id", () => import("../catalog/StylePage"), "StylePage"),
    page("/catalogue/stores", () => import("../catalog/StoresPage"), "StoresPage"),
    page("/data/sources", () => import("../intake/SourcesPage"), "SourcesPage"),
    page("/data/live", () => import("../intake/LivePage"), "LivePage"),
    page("/data/imports", () => import("../intake/ImportsPage"), "ImportsPage"),
    page("/data/quarantine", () => import("../intake/QuarantinePage"), "QuarantinePage"),
    page("/privacy/audit", () => import("../access/AuditPage"), "AuditPage"),
    page("/settings/staff", () => import("../access/StaffPage"), "StaffPage"),
    page("/settings/roles", () => import("../access/RolesPage"), "RolesPage"),
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  context: { queryClient: undefined as unknown as QueryClient },
  parseSearch,
  stringifySearch,
  defaultErrorComponent: Unopened,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
