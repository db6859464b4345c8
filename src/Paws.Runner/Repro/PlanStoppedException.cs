namespace Paws.Runner.Repro;

/// <summary>A plan was asked to stop; its runs have saved, and what had ended is written.</summary>
internal sealed class PlanStoppedException(Exception inner) : StoppedException("the same command goes on where it stood", inner);
