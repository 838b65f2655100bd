import { Component, type ReactNode } from "react";
import { Button } from "../design/button.tsx";
import { Empty } from "../design/notice.tsx";

/** What is shown in place of a page that broke: the way out, and not an empty window. */
export class Faulty extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return (
      <Empty title="This page has broken">
        <p>What you have typed is kept in this browser until it is saved.</p>
        <Button look="primary" onClick={() => location.reload()}>
          Reload
        </Button>
      </Empty>
    );
  }
}
