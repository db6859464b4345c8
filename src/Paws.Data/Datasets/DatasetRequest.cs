using Paws.Data.Datasets.Folders;
using Paws.Data.Datasets.Shapes;

namespace Paws.Data.Datasets;

/// <summary>What kind of data set is asked for.</summary>
public enum DatasetKind
{
    /// <summary>Whatever lies in the folder; without a folder, the built-in shapes.</summary>
    Auto,

    /// <summary>The built-in drawn shapes.</summary>
    Shapes,

    /// <summary>CIFAR-10: the binary files, or class folders of images.</summary>
    Cifar10,

    /// <summary>ImageNet: <c>train</c> and <c>val</c> with class folders.</summary>
    ImageNet,

    /// <summary>Any folder of class folders, as <see cref="ImageFolder"/> describes it.</summary>
    Folder,
}

/// <summary>Which data set to open, and how.</summary>
public sealed record DatasetRequest
{
    /// <summary>The kind, or <see cref="DatasetKind.Auto"/>.</summary>
    public DatasetKind Kind { get; init; } = DatasetKind.Auto;

    /// <summary>The folder; not needed for the shapes.</summary>
    public string? Root { get; init; }

    /// <summary>Training images of the shapes.</summary>
    public int ShapesTrain { get; init; } = 5000;

    /// <summary>Test images of the shapes.</summary>
    public int ShapesTest { get; init; } = 1000;

    /// <summary>Difficulty of the shapes.</summary>
    public ShapesOptions Shapes { get; init; } = new();

    /// <summary>Seed of the shapes and of a hold-out.</summary>
    public int Seed { get; init; }

    /// <summary>Leave out, and list, images that cannot be read.</summary>
    public bool SkipBadImages { get; init; }

    /// <summary>See <see cref="FolderOptions.KeepBadImages"/>.</summary>
    public bool KeepBadImages { get; init; }

    /// <summary>See <see cref="FolderOptions.ScaledDecode"/>.</summary>
    public bool ScaledDecode { get; init; } = true;

    /// <summary>Where decoded images are kept; null takes <see cref="FolderOptions.DefaultCacheDirectory"/>.</summary>
    public string? CacheDirectory { get; init; }

    /// <summary>Share of each class held out for testing where a folder has no test images, in (0, 1).</summary>
    public double HoldOut { get; init; } = 0.1;

    /// <summary>A kind from its configuration name; the published fine-tuning names count as their data set.</summary>
    /// <exception cref="DataException">The name is unknown.</exception>
    public static DatasetKind ParseKind(string name) =>
        name switch
        {
            "auto" => DatasetKind.Auto,
            "shapes" => DatasetKind.Shapes,
            "cifar10" or "cifar10_fine_tune" => DatasetKind.Cifar10,
            "imagenet" or "imagenet_fine_tune" => DatasetKind.ImageNet,
            "folder" => DatasetKind.Folder,
            _ => throw new DataException($"There is no data set {name}. Choose shapes, cifar10, imagenet, folder or auto."),
        };
}
