// What each role may do, as the server has it.
import { CheckOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { RoleRow } from "../api/types";
import { textOr } from "../app/i18n";
import { PageHead } from "../ui/PageHead";
import { Loaded } from "../ui/States";
import "./access.css";

function Matrix({ roles }: { roles: RoleRow[] }) {
  const { t } = useTranslation();
  const permissions = [...new Set(roles.flatMap((role) => role.permissions))];
  return (
    <div className="zx-matrix-scroll">
      <table className="zx-matrix">
        <thead>
          <tr>
            <th scope="col">{t("role.permission")}</th>
            {roles.map((role) => (
              <th key={role.role} scope="col">
                {textOr(`role.${role.role}`, role.role)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {permissions.map((permission) => (
            <tr key={permission}>
              <th scope="row">{textOr(`permission.${permission}`, permission)}</th>
              {roles.map((role) => (
                <td key={role.role}>
                  {role.permissions.includes(permission) ? (
                    <>
                      <CheckOutlined aria-hidden />
                      <span className="zx-hidden">{t("role.yes")}</span>
                    </>
                  ) : (
                    <>
                      <span aria-hidden="true">–</span>
                      <span className="zx-hidden">{t("role.no")}</span>
                    </>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function RolesPage() {
  const { t } = useTranslation();
  const query = useQuery({ queryKey: ["roles"], queryFn: () => body(api.GET("/api/v1/roles")) });
  return (
    <>
      <PageHead title={t("nav.roles")} sub={t("role.sub")} />
      <section className="zx-card zx-list">
        <Loaded query={query} rows={10}>
          {({ items }) => <Matrix roles={items} />}
        </Loaded>
      </section>
    </>
  );
}
