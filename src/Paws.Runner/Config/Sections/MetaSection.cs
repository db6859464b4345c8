namespace Paws.Runner.Config;

/// <summary>Section meta.</summary>
public sealed record MetaSection
{
    /// <summary>Copy the data to local scratch first (accepted; the loader keeps decoded data in memory instead).</summary>
    public bool CopyData { get; init; }

    /// <summary><c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>auto</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Continue from a checkpoint.</summary>
    public bool LoadCheckpoint { get; init; }

    /// <summary>Checkpoint to read; null the latest.</summary>
    public string? ReadCheckpoint { get; init; }

    /// <summary><c>wide_resnet{depth}w{width}</c>, <c>resnet{18,50,101,152}[w{1,2,4}]</c> or <c>resnet18_small</c>.</summary>
    public string ModelName { get; init; } = "wide_resnet28w2";

    /// <summary>Embedding width d.</summary>
    public int OutputDim { get; init; } = 128;

    /// <summary>Ours: linear layers of the projection head, 2 or 3; null follows the method (2 for SimCLR, else 3).</summary>
    public int? ProjLayers { get; init; }

    /// <summary>Mixed precision: bf16 compute with fp32 master weights, where the hardware has it.</summary>
    public bool UseFp16 { get; init; } = true;

    /// <summary>Whether anchors pass a prediction head.</summary>
    public bool UsePredHead { get; init; }

    /// <summary>Port of the first rank (accepted for published files).</summary>
    public int? MasterPort { get; init; }

    /// <summary>Train, or only evaluate (published fine-tuning files).</summary>
    public bool? Training { get; init; }

    /// <summary>Ours: seed of everything random.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Ours: ranks that numbers "per rank" are meant for; the global batch is theirs, on however many ranks it is computed. 0 takes
    /// as many as the run is started on, and stands for 1 in a run of one.
    /// </summary>
    public int WorldSize { get; init; }

    /// <summary>Ours: compute threads of a rank; 0 shares the machine's cores among its ranks.</summary>
    public int Threads { get; init; }
}
