// The demo retailer's stories, one click each. Where there is no demo the card is not there.
import { RightOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Story } from "../api/types";
import { textOr } from "../app/i18n";
import { Card } from "../ui/Bits";
import { tourQuery } from "./queries";

function Line({ story }: { story: Story }) {
  const words = (
    <>
      <span>
        <strong>{textOr(`${story.text_key}.title`, story.title)}</strong>
        <span className="zx-masked">{textOr(story.text_key, "")}</span>
      </span>
      <RightOutlined aria-hidden />
    </>
  );
  return (
    <li>
      {story.customer_id ? (
        <Link to="/customers/$id" params={{ id: story.customer_id }} search={{ story: story.key }}>
          {words}
        </Link>
      ) : (
        <Link to="/reviews">{words}</Link>
      )}
    </li>
  );
}

export function Tour() {
  const { t } = useTranslation();
  const { data } = useQuery(tourQuery);
  if (!data?.items.length) return null;
  return (
    <Card title={t("tour.title")} flush>
      <ol className="zx-tour">
        {data.items.map((story) => (
          <Line key={story.key} story={story} />
        ))}
      </ol>
    </Card>
  );
}
