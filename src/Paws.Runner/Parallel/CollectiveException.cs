namespace Paws.Runner.Parallel;

/// <summary>A collective operation failed: another rank is gone, or the network is.</summary>
public sealed class CollectiveException(string message, Exception? inner = null) : Exception(message, inner);
