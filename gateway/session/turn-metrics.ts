/** Stages of a turn that are measured, in the order in which a turn passes them (names of the metric's label). */
export type TurnStage = 'recognize' | 'score' | 'step' | 'first_packet' | 'total';

/** Takes latencies; implemented by gateway/stats. Called once per turn, never per frame. */
export interface TurnMetrics {
  observe(stage: TurnStage, milliseconds: number): void;
  /** One turn decided, by zone; `degraded` when a fallback scorer served. */
  turnDecided(zone: string, degraded: boolean): void;
}
