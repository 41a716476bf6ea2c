// Error boundary: a fault in a page never takes the rest of the console with it.
import { Component, type ErrorInfo, type ReactNode } from "react";
import { Broken } from "../ui/States";

export class Failsafe extends Component<{ children: ReactNode; resetKey?: string }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override componentDidUpdate(before: { resetKey?: string }) {
    if (this.state.error && before.resetKey !== this.props.resetKey) this.setState({ error: null });
  }

  override render() {
    if (this.state.error) return <Broken onRetry={() => this.setState({ error: null })} />;
    return this.props.children;
  }
}
