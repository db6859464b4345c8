namespace Paws.Runner.Config;

/// <summary>
/// The resolved configuration of a run. The first five sections are the published schema, key for key (snake_case in YAML);
/// the rest are ours. A null means "follows from the data set", and is filled in when the configuration is resolved.
/// </summary>
public sealed record PawsConfig
{
    /// <summary>The objective and its batches.</summary>
    public CriterionSection Criterion { get; init; } = new();

    /// <summary>Where images come from and how views are made.</summary>
    public DataSection Data { get; init; } = new();

    /// <summary>Where results go.</summary>
    public LoggingSection Logging { get; init; } = new();

    /// <summary>Device, precision and model.</summary>
    public MetaSection Meta { get; init; } = new();

    /// <summary>Optimiser and schedule of PAWS pre-training.</summary>
    public OptimizationSection Optimization { get; init; } = new();

    /// <summary>Ours: crop sizes and scales, which the published code keeps in code.</summary>
    public ViewsSection Views { get; init; } = new();

    /// <summary>Ours: PAWS-NN evaluation during and after training.</summary>
    public EvaluationSection Evaluation { get; init; } = new();

    /// <summary>Ours: SuNCEt fine-tuning after pre-training.</summary>
    public FinetuneSection Finetune { get; init; } = new();

    /// <summary>Ours: the supervised-only baseline from the same labels and encoder.</summary>
    public BaselineSection Baseline { get; init; } = new();
}

/// <summary>Section criterion.</summary>
public sealed record CriterionSection
{
    /// <summary>Classes in a support mini-batch, per rank.</summary>
    public int ClassesPerBatch { get; init; } = 10;

    /// <summary>Whether the mean-entropy-maximisation term is added.</summary>
    public bool MeMax { get; init; } = true;

    /// <summary>Sharpening temperature T, in (0, 1].</summary>
    public double Sharpen { get; init; } = 0.25;

    /// <summary>Labeled images a class in a support mini-batch.</summary>
    public int SupervisedImgsPerClass { get; init; } = 64;

    /// <summary>Views of each labeled image.</summary>
    public int SupervisedViews { get; init; } = 2;

    /// <summary>Softmax temperature τ, positive.</summary>
    public double Temperature { get; init; } = 0.1;

    /// <summary>Unlabeled images a step, per rank.</summary>
    public int UnsupervisedBatchSize { get; init; } = 256;

    /// <summary>Labeled images a class in a fine-tuning step (published files: soft-NN fine-tuning only).</summary>
    public int? SupervisedBatchSize { get; init; }

    /// <summary>Epochs over the labeled images in SuNCEt pre-training (published files only).</summary>
    public int? SupervisedEpochs { get; init; }
}

/// <summary>Section data.</summary>
public sealed record DataSection
{
    /// <summary>Colour jitter strength s, at least 0.</summary>
    public double ColorJitterStrength { get; init; } = 0.5;

    /// <summary>Which label split; null takes the run's seed.</summary>
    public int? DataSeed { get; init; }

    /// <summary><c>shapes</c> (built in), <c>cifar10</c>, <c>imagenet</c>, <c>folder</c>; the published fine-tuning names too.</summary>
    public string Dataset { get; init; } = "shapes";

    /// <summary>Folder under root_path that holds the images.</summary>
    public string? ImageFolder { get; init; }

    /// <summary>Root of the data.</summary>
    public string? RootPath { get; init; }

    /// <summary>Folder of label split files.</summary>
    public string? SubsetPath { get; init; }

    /// <summary>Label smoothing of the supports, in [0, 1).</summary>
    public double LabelSmoothing { get; init; } = 0.1;

    /// <summary>Small views of each unlabeled image.</summary>
    public int Multicrop { get; init; } = 6;

    /// <summary>Whether pixels are normalised by mean and standard deviation.</summary>
    public bool Normalize { get; init; } = true;

    /// <summary>Whether every rank draws classes of its own.</summary>
    public bool UniqueClassesPerRank { get; init; }

    /// <summary>Share of training images without labels (published schema); overridden by labels_per_class and label_file.</summary>
    public double? UnlabeledFrac { get; init; }

    /// <summary>Number of classes (published files: fine-tuning only).</summary>
    public int? NumClasses { get; init; }

    /// <summary>Ours: labeled images a class, drawn by data_seed.</summary>
    public int? LabelsPerClass { get; init; }

    /// <summary>Ours: a file of labeled images, indices or file names, one a line.</summary>
    public string? LabelFile { get; init; }

    /// <summary>Ours: training images of the built-in set.</summary>
    public int ShapesTrain { get; init; } = 5000;

    /// <summary>Ours: test images of the built-in set.</summary>
    public int ShapesTest { get; init; } = 1000;

    /// <summary>Ours: horizontal flip probability.</summary>
    public double Flip { get; init; } = 0.5;

    /// <summary>Ours: skip and count images that cannot be read instead of stopping.</summary>
    public bool SkipBadImages { get; init; }

    /// <summary>Ours: threads that make batches; 0 chooses from the cores.</summary>
    public int Workers { get; init; }
}

/// <summary>Section logging.</summary>
public sealed record LoggingSection
{
    /// <summary>Run directory.</summary>
    public string? Folder { get; init; }

    /// <summary>Prefix of file names.</summary>
    public string WriteTag { get; init; } = "paws";

    /// <summary>Checkpoint to fine-tune, inside folder.</summary>
    public string? PretrainPath { get; init; }

    /// <summary>Ours: steps between metric lines.</summary>
    public int LogEverySteps { get; init; } = 10;

    /// <summary>Ours: seconds between checkpoints, besides those at epoch ends.</summary>
    public int CheckpointEverySeconds { get; init; } = 120;
}

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

    /// <summary>Ours: compute threads; 0 takes all cores.</summary>
    public int Threads { get; init; }
}

/// <summary>Section optimization.</summary>
public sealed record OptimizationSection
{
    /// <summary>Passes over the unlabeled images.</summary>
    public double Epochs { get; init; } = 600;

    /// <summary>Peak learning rate.</summary>
    public double Lr { get; init; } = 3.2;

    /// <summary>Learning rate at the first step.</summary>
    public double StartLr { get; init; } = 0.8;

    /// <summary>Learning rate at the last step.</summary>
    public double FinalLr { get; init; } = 0.032;

    /// <summary>Warm-up, in epochs.</summary>
    public double Warmup { get; init; } = 10;

    /// <summary>Momentum μ in [0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Nesterov momentum.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Weight decay, at least 0.</summary>
    public double WeightDecay { get; init; } = 1e-6;

    /// <summary>LARS scaling (published fine-tuning files).</summary>
    public bool? UseLars { get; init; }

    /// <summary>Zero-initialised classifier (published fine-tuning files).</summary>
    public bool? ZeroInit { get; init; }
}

/// <summary>Section views (ours).</summary>
public sealed record ViewsSection
{
    /// <summary>Edge of the large views in pixels; null follows the data set (32, or 224).</summary>
    public int? LargeSize { get; init; }

    /// <summary>Edge of the small views in pixels; null follows the data set (18, or 96).</summary>
    public int? SmallSize { get; init; }

    /// <summary>Area share of large crops, [min, max].</summary>
    public double[]? LargeScale { get; init; }

    /// <summary>Area share of small crops, [min, max].</summary>
    public double[]? SmallScale { get; init; }

    /// <summary>Probability of colour jitter.</summary>
    public double Jitter { get; init; } = 0.8;

    /// <summary>Probability of dropping colour; null follows the data set.</summary>
    public double? Grayscale { get; init; }

    /// <summary>Probability of Gaussian blur; null follows the data set.</summary>
    public double? Blur { get; init; }

    /// <summary>Probability of solarizing; null follows the data set.</summary>
    public double? Solarize { get; init; }

    /// <summary>Probability of equalisation; null follows the data set.</summary>
    public double? Equalize { get; init; }

    /// <summary>Channel means in [0, 1]; null follows the data set.</summary>
    public double[]? Mean { get; init; }

    /// <summary>Channel standard deviations; null follows the data set.</summary>
    public double[]? Std { get; init; }
}

/// <summary>Section evaluation (ours).</summary>
public sealed record EvaluationSection
{
    /// <summary>Epochs between PAWS-NN evaluations during training; 0 only at the end.</summary>
    public double EveryEpochs { get; init; } = 1;

    /// <summary>Test images used during training; 0 all. The last evaluation always takes all.</summary>
    public int QuickImages { get; init; } = 2000;

    /// <summary>Softmax temperature of PAWS-NN.</summary>
    public double Temperature { get; init; } = 0.1;

    /// <summary>Images a forward pass.</summary>
    public int BatchSize { get; init; } = 256;
}

/// <summary>Section finetune (ours): SuNCEt on the labeled images.</summary>
public sealed record FinetuneSection
{
    /// <summary>Passes; 0 leaves fine-tuning out.</summary>
    public double Epochs { get; init; }

    /// <summary>Labeled images a class in a step.</summary>
    public int ImgsPerClass { get; init; } = 64;

    /// <summary>Views of each.</summary>
    public int Views { get; init; } = 2;

    /// <summary>Learning rate at the first step.</summary>
    public double Lr { get; init; } = 0.1;

    /// <summary>Learning rate at the last.</summary>
    public double FinalLr { get; init; } = 0.01;

    /// <summary>Momentum.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Softmax temperature.</summary>
    public double Temperature { get; init; } = 0.1;
}

/// <summary>Section baseline (ours): cross-entropy on the labeled images alone.</summary>
public sealed record BaselineSection
{
    /// <summary>Whether the baseline is trained beside PAWS.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Training time as a multiple of what PAWS (with fine-tuning) took; the schedule is laid over that time.</summary>
    public double TimeFactor { get; init; } = 1;

    /// <summary>Steps; 0 derives them from time_factor.</summary>
    public int Steps { get; init; }

    /// <summary>Images a step.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Peak learning rate (AdamW).</summary>
    public double Lr { get; init; } = 3e-3;

    /// <summary>Weight decay (AdamW).</summary>
    public double WeightDecay { get; init; } = 5e-2;

    /// <summary>Label smoothing.</summary>
    public double LabelSmoothing { get; init; } = 0.1;
}
