namespace Paws.Tests

open System
open System.IO

/// Files of the repository that the tests were built in.
[<RequireQualifiedAccess>]
module Repository =

    let private root =
        Seq.unfold
            (fun (folder: DirectoryInfo) ->
                if isNull folder then
                    None
                else
                    Some(folder.FullName, folder.Parent))
            (DirectoryInfo AppContext.BaseDirectory)
        |> Seq.find (fun folder -> File.Exists(Path.Combine(folder, "Paws.sln")))

    /// All files under a folder whose names match.
    let files (folder: string) (pattern: string) =
        Directory.GetFiles(Path.Combine(root, folder), pattern, SearchOption.AllDirectories)
        |> Array.filter (fun file ->
            not (
                file.Contains $"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}"
                || file.Contains $"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}"
            ))
        |> Array.sort
