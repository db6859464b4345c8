namespace Paws.Runner.Config;

/// <summary>
/// Section method (ours): which method trains the encoder, and what those that PAWS is compared with can be set to. What they
/// share with PAWS (epochs, learning rate, batches, views) stays in the sections it is in.
/// </summary>
public sealed record MethodSection
{
    /// <summary>One of <see cref="TrainMethod.Names"/>.</summary>
    public string Name { get; init; } = TrainMethod.Paws;

    /// <summary>Softmax temperature τ of SimCLR's, SwAV's and SuNCEt's similarities in pre-training.</summary>
    public double Temperature { get; init; } = 0.1;

    /// <summary>byol: momentum of the target network at the first step; it rises to 1 by a cosine.</summary>
    public double Ema { get; init; } = 0.996;

    /// <summary>swav: number of trainable prototypes.</summary>
    public int Prototypes { get; init; } = 100;

    /// <summary>swav: entropy weight ε of the assignments.</summary>
    public double Epsilon { get; init; } = 0.05;

    /// <summary>swav: rounds of Sinkhorn's algorithm.</summary>
    public int SinkhornIterations { get; init; } = 3;

    /// <summary>swav: epochs in which the prototypes stay as they were drawn; may be fractional.</summary>
    public double FreezePrototypes { get; init; } = 1;

    /// <summary>simclr-suncet: weight of SuNCEt on the supports.</summary>
    public double SuncetWeight { get; init; } = 1;

    /// <summary>fixmatch: labeled images a step.</summary>
    public int LabeledBatch { get; init; } = 64;

    /// <summary>fixmatch: weight of the loss on unlabeled images.</summary>
    public double UnlabeledWeight { get; init; } = 1;

    /// <summary>fixmatch: probability from which on a predicted class is taken as a label.</summary>
    public double Threshold { get; init; } = 0.95;

    /// <summary>fixmatch: learning rate of SGD at the first step; it falls by cos(7πk/16K).</summary>
    public double FixmatchLr { get; init; } = 0.03;

    /// <summary>fixmatch: weight decay of SGD.</summary>
    public double FixmatchWeightDecay { get; init; } = 5e-4;

    /// <summary>fixmatch: momentum of the averaged weights that are evaluated and saved.</summary>
    public double WeightEma { get; init; } = 0.999;

    /// <summary>Passes of self-distillation over the unlabeled images after fine-tuning by method head (SimCLRv2); 0 for none.</summary>
    public double DistillEpochs { get; init; }

    /// <summary>Learning rate of self-distillation at the first step (SGD, Nesterov); it falls to 0 (cosine).</summary>
    public double DistillLr { get; init; } = 0.02;

    /// <summary>Softmax temperature of teacher and student.</summary>
    public double DistillTemperature { get; init; } = 1;
}
