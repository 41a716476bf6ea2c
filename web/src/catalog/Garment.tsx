// The picture of a style: a drawing of ours by its name, or its first character when there is none.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { money } from "../ui/format";
import "./catalog.css";

export function Garment({ image, name, size }: { image: string; name: string; size?: number }) {
  const { t } = useTranslation();
  const [broken, setBroken] = useState(false);
  const known = /^[\w-]+$/.test(image) && !broken;
  const style = size ? { width: size, height: size, fontSize: size * 0.4 } : undefined;
  return (
    <span className="zx-garment" style={style}>
      {known ? (
        <img
          src={`/garments/${image}.svg`}
          alt={size ? "" : t("style.picture", { name })}
          loading="lazy"
          onError={() => setBroken(true)}
        />
      ) : (
        <span aria-hidden="true">{name.slice(0, 1)}</span>
      )}
    </span>
  );
}

/** One price, or from–to where the SKUs of a style differ. */
export function PriceRange({ low, high }: { low: string | null | undefined; high: string | null | undefined }) {
  return <span className="zx-num">{low === high || !high ? money(low) : `${money(low)} – ${money(high)}`}</span>;
}
