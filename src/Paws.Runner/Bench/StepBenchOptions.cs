using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Bench;

/// <summary>The work of one measured training step: what the encoder is, and how many images of which size pass through it.</summary>
internal sealed record StepBenchOptions
{
    private const double Smoothing = 0.1;

    /// <summary>Short name of the encoder: wrnD-W, resnet50, resnet50w2, resnet50w4.</summary>
    public string Arch { get; init; } = "wrn28-2";

    /// <summary>Unlabeled images a step.</summary>
    public int Batch { get; init; } = 256;

    /// <summary>Classes of the supports.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>Labeled images a class.</summary>
    public int PerClass { get; init; } = 64;

    /// <summary>Views of each labeled image.</summary>
    public int Views { get; init; } = 2;

    /// <summary>Edge of the large views and the supports, in pixels.</summary>
    public int Size { get; init; } = 32;

    /// <summary>Small views of each unlabeled image.</summary>
    public int Crops { get; init; } = 6;

    /// <summary>Edge of the small views.</summary>
    public int CropSize { get; init; } = 18;

    /// <summary>Width of the embedding.</summary>
    public int Out { get; init; } = 128;

    /// <summary>Whether there is a prediction head.</summary>
    public bool Predictor { get; init; }

    /// <summary>auto, cpu, cuda or cuda:N.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Type of convolutions.</summary>
    public Precision Precision { get; init; }

    /// <summary>Steps that are timed.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>Steps before them.</summary>
    public int Warmup { get; init; } = 3;

    /// <summary>Whether the last step is marked for a profiler of NVIDIA's.</summary>
    public bool Profile { get; init; }

    /// <summary>Threads of libtorch; 0 takes all cores.</summary>
    public int Threads { get; init; }

    /// <summary>Rows of the support mini-batch.</summary>
    public int SupportRows => Classes * PerClass * Views;

    /// <summary>All views of a step, supports included.</summary>
    public int AllViews => SupportRows + (2 + Crops) * Batch;

    /// <summary>The supports' labels, [s, K], smoothed as published.</summary>
    public torch.Tensor Labels(torch.Device device) =>
        LabelMatrix.create(Classes, PerClass, 1, false, Smoothing).repeat(Views, 1).to(torch.float32).to(device);

    /// <summary>The name that <see cref="Paws.Model.EncoderSpec"/> has for the encoder.</summary>
    /// <exception cref="UserErrorException">The short name is unknown.</exception>
    public string ModelName()
    {
        if (Arch.StartsWith("wrn", StringComparison.Ordinal) && Arch[3..].Split('-') is [var depth, var width])
        {
            return $"wide_resnet{depth}w{width}";
        }
        if (Arch.StartsWith("resnet", StringComparison.Ordinal))
        {
            return Arch;
        }
        throw new UserErrorException($"unknown encoder {Arch}; give wrnD-W (wrn28-2), resnet50, resnet50w2 or resnet50w4");
    }
}
