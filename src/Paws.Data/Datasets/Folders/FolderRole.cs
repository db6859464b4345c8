namespace Paws.Data.Datasets.Folders;

/// <summary>What a folder's name says that it holds. Those of test images stand in the order in which they are preferred.</summary>
internal enum FolderRole
{
    /// <summary>Nothing: the images of a class, where class folders are.</summary>
    Class,

    /// <summary>Training images.</summary>
    Train,

    /// <summary>Test images.</summary>
    Test,

    /// <summary>Images to validate on.</summary>
    Validation,

    /// <summary>Images to evaluate on.</summary>
    Evaluation,

    /// <summary>Images to develop on.</summary>
    Development,

    /// <summary>Images of no known class.</summary>
    Unlabeled,
}
