namespace Paws.Runner.Repro;

/// <summary>A run of a plan is under way in another process; nothing is wrong with it.</summary>
internal sealed class RunTakenException(string message, Exception? inner = null) : Exception(message, inner);
