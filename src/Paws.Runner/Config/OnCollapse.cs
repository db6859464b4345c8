namespace Paws.Runner.Config;

/// <summary>What follows when training has collapsed.</summary>
public static class OnCollapse
{
    /// <summary>It is said, and training goes on.</summary>
    public const string Warn = "warn";

    /// <summary>A checkpoint is written, and the run ends with exit code 2.</summary>
    public const string Stop = "stop";

    /// <summary>Both.</summary>
    public static IReadOnlyList<string> Names { get; } = [Warn, Stop];
}
