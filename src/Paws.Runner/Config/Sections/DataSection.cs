namespace Paws.Runner.Config;

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

    /// <summary>Folder of label split files (published files; refused: see <see cref="PublishedKeys"/>).</summary>
    public string? SubsetPath { get; init; }

    /// <summary>Label smoothing of the supports, in [0, 1).</summary>
    public double LabelSmoothing { get; init; } = 0.1;

    /// <summary>Small views of each unlabeled image.</summary>
    public int Multicrop { get; init; } = 6;

    /// <summary>Whether pixels are normalised by mean and standard deviation.</summary>
    public bool Normalize { get; init; } = true;

    /// <summary>Whether every rank draws classes of its own.</summary>
    public bool UniqueClassesPerRank { get; init; }

    /// <summary>Share of the training images with a class that stay without labels (published schema); overridden by labels_per_class, labels and label_file.</summary>
    public double? UnlabeledFrac { get; init; }

    /// <summary>Number of classes (published files: fine-tuning only).</summary>
    public int? NumClasses { get; init; }

    /// <summary>Ours: labeled images a class, drawn by data_seed.</summary>
    public int? LabelsPerClass { get; init; }

    /// <summary>
    /// Ours: labeled images in all, drawn by data_seed and shared out among the classes as evenly as they have images; or
    /// <c>all</c>. Overrides labels_per_class.
    /// </summary>
    public string? Labels { get; init; }

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

    /// <summary>
    /// Ours: decode large JPEG files of folders too large to keep decoded at a half, a quarter or an eighth of their size, where no
    /// random crop loses pixels by it.
    /// </summary>
    public bool ScaledDecode { get; init; } = true;

    /// <summary>Ours: threads that make batches; 0 chooses from the cores.</summary>
    public int Workers { get; init; }
}
