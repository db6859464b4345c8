namespace Paws.Runner.Config;

/// <summary>What fine-tuning can train.</summary>
public static class FinetuneMethod
{
    /// <summary>The whole encoder by the SuNCEt loss, judged by PAWS-NN.</summary>
    public const string Suncet = "suncet";

    /// <summary>Trunk, first projection layer and a linear classifier, all weights.</summary>
    public const string Head = "head";

    /// <summary>A linear classifier on the frozen trunk's features.</summary>
    public const string Linear = "linear";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [Suncet, Head, Linear];
}
